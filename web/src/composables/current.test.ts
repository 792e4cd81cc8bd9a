import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

import type { ConversationView, Me } from '@/api/types'
import { router } from '@/router'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { useThreads } from '@/stores/threads'

import { useCurrent } from './current'

const row = (change: Partial<ConversationView> = {}): ConversationView => ({
  conversation_id: 'c1',
  contact_id: 'k1',
  instance: 'web-main',
  channel: 'web',
  address: 'web:1',
  state: 'active',
  agent_id: 'me',
  opened_at: '2026-11-20T08:00:00Z',
  ...change,
})

const asked: string[] = []

beforeEach(async () => {
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    if (path.includes('/entries')) return new Response(JSON.stringify({ items: [], has_more: false }))
    if (path.endsWith('/c1')) return new Response(JSON.stringify(row({ state: 'closed' })))
    return new Response(JSON.stringify({ contact_id: 'k1' }))
  })
})
afterEach(() => vi.unstubAllGlobals())

it('follows a conversation into, through and out of the tables', async () => {
  setActivePinia(createPinia())
  useSession().me = { user_id: 'me', permissions: ['desk.use'] as string[] } as Me
  useSession().isKnown = true
  const desk = useDesk()
  const current = useCurrent()
  desk.put('conversations', 'c1', row())
  await router.push('/desk/c1')
  desk.isReady = true
  await nextTick()
  expect(current.isMine.value).toBe(true)
  expect(asked.filter((path) => path.endsWith('/c1'))).toEqual([])

  desk.put('conversations', 'c1', row({ topic: 'heating' }))
  await nextTick()
  desk.conversations.delete('c1')
  desk.put('conversations', 'other', row({ conversation_id: 'other' }))
  await nextTick()
  expect(current.conversation.value).toMatchObject({ topic: 'heating', agent_id: null })
  expect(current.canAct.value).toBe(false)
  expect(asked.filter((path) => path.endsWith('/c1'))).toEqual([])

  const entry = { conversation_id: 'c1', kind: 'notice' as const, created_at: '2026-11-20T08:00:00Z' }
  useThreads().patch('e1', { ...entry, entry_id: 'e1' })
  await nextTick()
  useThreads().patch('e2', { ...entry, entry_id: 'e2' })
  await vi.waitFor(() => expect(current.conversation.value?.state).toBe('closed'))
})
