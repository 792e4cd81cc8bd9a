import { describe, expect, it } from 'vitest'

import type { CallLegView, CallView, ConversationView } from '@/api/types'
import { consulted, isLost, liveCallOf } from '@/phone/live_call'

const CALLER: CallLegView = { leg_id: 'l-caller', role: 'caller', state: 'answered', does: 'talk', room: 'main' }
const MINE: CallLegView = { leg_id: 'l-me', role: 'agent', user_id: 'me', state: 'answered', does: 'talk', room: 'main' }
const LI: CallLegView = { leg_id: 'l-li', role: 'agent', user_id: 'li', state: 'ringing', does: 'talk', room: 'consult' }
const CHIEF: CallLegView = { leg_id: 'l-chief', role: 'supervisor', user_id: 'chief', state: 'answered', does: 'spy', spy_mode: 'listen' }

function conversation(call: Partial<CallView>, change: Partial<ConversationView> = {}): ConversationView {
  return {
    conversation_id: 'v1',
    contact_id: 'k1',
    instance: 'voice-main',
    channel: 'tel',
    address: 'tel:+8613812346721',
    state: 'active',
    agent_id: 'me',
    opened_at: '2026-11-20T08:00:00Z',
    call: { call_id: 'c1', arrived_at: '2026-11-20T08:00:00Z', ...call },
    ...change,
  }
}

const phaseFor = (call: Partial<CallView>) => liveCallOf([conversation(call)], 'me')?.phase

describe('the live call', () => {
  it.each([
    ['rings me', { legs: [CALLER, { ...MINE, state: 'ringing' as const }] }, 'connecting'],
    ['has no phone of mine', { legs: [CALLER] }, 'connecting'],
    ['calls the citizen', { direction: 'out' as const, legs: [MINE] }, 'calling'],
    ['rings at the citizen', { direction: 'out' as const, legs: [MINE, { ...CALLER, state: 'ringing' as const }] }, 'calling'],
    ['was made and is talked', { direction: 'out' as const, legs: [MINE, CALLER] }, 'talking'],
    ['is talked', { legs: [CALLER, MINE] }, 'talking'],
    ['is held', { legs: [CALLER, MINE], is_held: true }, 'held'],
    ['waits while I ask', { legs: [CALLER, { ...MINE, room: 'consult' }, LI], is_held: true }, 'aside'],
    ['has three', { legs: [CALLER, MINE, { ...LI, state: 'answered' as const, room: 'main' }] }, 'conference'],
    ['has somebody who only listens', { legs: [CALLER, MINE, CHIEF] }, 'talking'],
    ['has somebody who joined in', { legs: [CALLER, MINE, { ...CHIEF, spy_mode: 'barge' as const }] }, 'conference'],
  ])('%s', (_what, call, phase) => expect(phaseFor(call)).toBe(phase))

  it('is none when it has ended, was never there, or is a colleague’s', () => {
    expect(phaseFor({ legs: [CALLER, MINE], ended_at: '2026-11-20T08:01:00Z' })).toBeUndefined()
    expect(phaseFor({ legs: [] })).toBeUndefined()
    expect(liveCallOf([conversation({ legs: [CALLER, MINE] }, { agent_id: 'li' })], 'me')).toBeNull()
  })

  it('of a supervisor is the one they listen to, unless they serve one themselves', () => {
    const spied = conversation({ legs: [CALLER, MINE, CHIEF] })
    expect(liveCallOf([spied], 'chief')?.phase).toBe('spying')
    const own = conversation({ legs: [CALLER, { ...MINE, user_id: 'chief' }] }, { agent_id: 'chief', conversation_id: 'v2' })
    expect(liveCallOf([spied, own], 'chief')?.conversation.conversation_id).toBe('v2')
  })

  it('knows who was asked', () => {
    const bank: CallLegView = { leg_id: 'l-bank', role: 'outside', state: 'answered', does: 'talk', room: 'main' }
    const whoOf = (legs: CallLegView[]) => consulted(liveCallOf([conversation({ legs })], 'me')!)?.leg_id
    expect(whoOf([CALLER, MINE, bank])).toBe('l-bank')
    expect(whoOf([CALLER, MINE, bank, LI])).toBe('l-li') // who is asked aside comes before who has joined
  })

  it('is lost without a phone of mine, or when this browser had it', () => {
    const live = liveCallOf([conversation({ legs: [CALLER, MINE] })], 'me')!
    expect(isLost(live, '')).toBe(false) // a telephone on the table has it
    expect(isLost(live, 'c1')).toBe(true)
    expect(isLost(liveCallOf([conversation({ legs: [CALLER] })], 'me')!, '')).toBe(true)
    expect(isLost(liveCallOf([conversation({ legs: [CALLER, { ...MINE, state: 'dialling' }] })], 'me')!, 'c1')).toBe(false)
  })
})
