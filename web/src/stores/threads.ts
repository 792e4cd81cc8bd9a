/** The timelines that are open in this browser, paged from the newest. */
import { defineStore } from 'pinia'
import { markRaw, shallowReactive } from 'vue'

import { ApiError, call, withQuery } from '@/api/client'
import type { EntryView } from '@/api/types'
import { ThreadLog, type EntryPage } from '@/sync/thread_log'

const PAGE = 50
const MAX_OPEN = 30 // older ones are fetched again when they are opened again

export interface Thread {
  entries: EntryView[]
  hasMore: boolean
  state: 'loading' | 'ready' | 'failed'
  isLoadingEarlier: boolean
  error: ApiError | null
}

interface Open {
  log: ThreadLog
  view: Thread
}

export const useThreads = defineStore('threads', () => {
  const open = shallowReactive(new Map<string, Open>())

  /** Return the thread of a conversation, fetching its newest page when it is not loaded. */
  function ensure(conversationId: string): Thread {
    let thread = open.get(conversationId)
    if (!thread) {
      const view: Thread = { entries: [], hasMore: false, state: 'loading', isLoadingEarlier: false, error: null }
      thread = markRaw({ log: new ThreadLog(), view: shallowReactive(view) })
      open.set(conversationId, thread)
      if (open.size > MAX_OPEN) open.delete(open.keys().next().value!)
      void load(conversationId, thread)
    }
    return thread.view
  }

  async function load(conversationId: string, thread: Open): Promise<void> {
    thread.view.error = null
    if (!thread.log.isLoaded) thread.view.state = thread.view.entries.length ? 'ready' : 'loading'
    try {
      thread.log.load(await call<EntryPage>('GET', withQuery(`/conversations/${conversationId}/entries`, { limit: PAGE })))
      thread.view.state = 'ready'
    } catch (error) {
      thread.view.state = 'failed'
      thread.view.error = error as ApiError
    }
    show(thread)
  }

  function retry(conversationId: string): void {
    const thread = open.get(conversationId)
    if (thread) void load(conversationId, thread)
  }

  async function loadEarlier(conversationId: string): Promise<void> {
    const thread = open.get(conversationId)
    const before = thread?.log.first?.entry_id
    if (!thread || !before || !thread.view.hasMore || thread.view.isLoadingEarlier) return
    thread.view.isLoadingEarlier = true
    try {
      const path = withQuery(`/conversations/${conversationId}/entries`, { before, limit: PAGE })
      thread.log.prepend(await call<EntryPage>('GET', path))
      show(thread)
    } catch {
      // scrolling up again asks again
    } finally {
      thread.view.isLoadingEarlier = false
    }
  }

  function patch(entryId: string, entry: EntryView | null): void {
    if (entry) {
      const thread = open.get(entry.conversation_id)
      if (!thread) return
      thread.log.put(entry)
      show(thread)
    } else for (const thread of open.values()) if (thread.log.remove(entryId)) show(thread)
  }

  /** Fetch every open thread again: after a snapshot nobody knows what was missed. */
  function reloadAll(): void {
    for (const [conversationId, thread] of open) {
      thread.log.expectReload()
      void load(conversationId, thread)
    }
  }

  function show(thread: Open): void {
    thread.view.entries = thread.log.entries
    thread.view.hasMore = thread.log.hasMore
  }

  return { ensure, retry, loadEarlier, patch, reloadAll, forgetAll: () => open.clear() }
})
