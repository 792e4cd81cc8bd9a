import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it } from 'vitest'

import type { ConversationView, Me } from '@/api/types'

import { useDesk } from './desk'
import { useInbox } from './inbox'
import { useSession } from './session'
import { useSettings } from './settings'

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  useSession().me = { user_id: 'me' } as Me
})

function put(id: string, change: Partial<ConversationView>): void {
  useDesk().put('conversations', id, {
    conversation_id: id,
    contact_id: id,
    instance: 'web-main',
    channel: 'web',
    address: `web:${id}`,
    state: 'active',
    agent_id: 'me',
    opened_at: '2026-11-20T08:00:00Z',
    ...change,
  })
}

const shown = () => useInbox().rows.map((one) => one.conversation_id)

it('lists mine with the latest first, whatever the precision of its times', () => {
  put('old', { last_entry_at: '2026-11-20T08:01:00Z' })
  put('new', { last_entry_at: '2026-11-20T08:02:00.5Z' })
  put('newer', { last_entry_at: '2026-11-20T08:02:00.75Z' })
  put('other', { agent_id: 'somebody' })
  put('gone', { state: 'closed' })
  expect(shown()).toEqual(['newer', 'new', 'old'])
})

it('can put who waits longest first and who does not wait last', () => {
  useSettings().values.sort = 'waiting'
  put('answered', { last_entry_at: '2026-11-20T09:00:00Z' })
  put('short', { waiting_since: '2026-11-20T08:30:00Z' })
  put('long', { waiting_since: '2026-11-20T08:10:00Z' })
  expect(shown()).toEqual(['long', 'short', 'answered'])
})

it('shows the queue in its own order: priority, then age', () => {
  useInbox().tab = 'waiting'
  put('late', { state: 'queued', agent_id: null, queued_at: '2026-11-20T08:20:00Z' })
  put('early', { state: 'queued', agent_id: null, queued_at: '2026-11-20T08:10:00Z' })
  put('urgent', { state: 'queued', agent_id: null, queued_at: '2026-11-20T08:30:00Z', priority: 5 })
  expect(shown()).toEqual(['urgent', 'early', 'late'])
})

it('filters by channel and counts without the filter', () => {
  put('web', {})
  put('mail', { channel: 'mailto', unread: 2 })
  const inbox = useInbox()
  inbox.channel = 'mailto'
  expect(shown()).toEqual(['mail'])
  expect(inbox.mine).toHaveLength(2)
  expect(inbox.channels).toEqual(['mailto', 'web'])
  expect(inbox.unreadMine).toBe(2)
})

it('sorts nothing again when a list is shown that was shown before', () => {
  const inbox = useInbox()
  for (let n = 0; n < 100; n++) put(`waits-${n}`, { state: 'queued', agent_id: null, queued_at: `2026-11-20T08:00:${n % 60}Z` })
  put('mine', {})
  inbox.tab = 'waiting'
  const before = inbox.rows
  inbox.tab = 'mine'
  expect(shown()).toEqual(['mine'])
  inbox.tab = 'waiting'
  expect(inbox.rows).toBe(before)
  put('waits-100', { state: 'queued', agent_id: null })
  expect(inbox.rows).toHaveLength(101)
})
