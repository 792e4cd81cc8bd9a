import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it } from 'vitest'

import type { RoutingStep } from '@/api/desk'

import { outcomeText, reasons, stepText } from './routing_history'

const step = (more: Partial<RoutingStep>): RoutingStep => ({ at: '2026-11-20T10:00:00Z', step: 'offered', queue_id: 'tax', agent_id: 'zhou', ...more })

beforeEach(() => setActivePinia(createPinia()))

it('says who was asked, and why this work and this agent', () => {
  const why = { trigger: 'work_came', served: 'first_in_order', age_s: '28.4', head_start_s: '120', agent: 'strategy', strategy: 'highest_skill,2*longest_idle', declined_by: 'li,chen' }
  expect(stepText(step({}))).toBe('派给 zhou')
  expect(reasons(step({ why }))).toEqual(['排在最前', '已等待 00:28', '优先级相当于早到 02:00', '按策略选出：技能最高 › 2*空闲最久', '此前未接：li、chen'])
})

it('says how an offer ended in the words of the desk, or in the own words of the agent', () => {
  expect(outcomeText(step({}))).toBe('')
  expect(outcomeText(step({ outcome: 'expired', reason: 'missed' }))).toBe('超时未应答: 未应答')
  expect(outcomeText(step({ outcome: 'declined', reason: 'busy_now' }))).toBe('已谢绝: 手头正忙')
  expect(outcomeText(step({ outcome: 'declined', reason: '在处理急件' }))).toBe('已谢绝: 在处理急件')
})

it('says why somebody was taken out of turn', () => {
  const picked = step({ step: 'picked', why: { reason: 'urgent' } })
  expect([stepText(picked), ...reasons(picked)]).toEqual(['zhou 从队列中直接接入', '理由：情况紧急'])
})

it('says what is no longer asked for', () => {
  expect(reasons(step({ step: 'relaxed', why: { age_s: '20.0', what: 'skill', skill: 'vat', level: '2' } }))).toEqual(['已等待 00:20', '技能 vat 只要求 2 级'])
  expect(reasons(step({ step: 'relaxed', why: { age_s: '40.0', what: 'skill', skill: 'vat', level: '0' } }))).toEqual(['已等待 00:40', '不再要求技能 vat'])
})
