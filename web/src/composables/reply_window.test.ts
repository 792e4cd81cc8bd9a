import { expect, it } from 'vitest'

import type { EntryView } from '@/api/types'

import { replyWindow } from './reply_window'

const NOW = Date.parse('2026-11-20T10:00:00Z')
const entry = (direction: 'in' | 'out', created_at: string, more: Partial<EntryView> = {}): EntryView => ({
  entry_id: created_at,
  conversation_id: 'c',
  kind: 'message',
  direction,
  created_at,
  ...more,
})
const ASKED = entry('in', '2026-11-20T09:00:00Z')

it('counts from the last message of the person', () => {
  const entries = [entry('in', '2026-11-01T09:00:00Z'), ASKED, entry('out', '2026-11-20T09:01:00Z', { status: 'sent' })]
  expect(replyWindow('wechat', entries, NOW)).toEqual({ until: '2026-11-22T09:00:00.000Z', left: 4, isOver: false })
})

it('is over after 48 hours, or after five answers that went out', () => {
  expect(replyWindow('wechat', [ASKED], NOW + 48 * 3_600_000)?.isOver).toBe(true)
  const answers = Array.from({ length: 5 }, (_, at) => entry('out', `2026-11-20T09:0${at}:00Z`, { status: 'sent' }))
  expect(replyWindow('wechat', [ASKED, ...answers], NOW)).toMatchObject({ left: 0, isOver: true })
  answers[0].status = 'failed'
  expect(replyWindow('wechat', [ASKED, ...answers], NOW)).toMatchObject({ left: 1, isOver: false })
})

it('says nothing of channels without such a rule, and when nobody wrote', () => {
  expect(replyWindow('web', [ASKED], NOW)).toBeUndefined()
  expect(replyWindow('wechat', [], NOW)).toBeUndefined()
})
