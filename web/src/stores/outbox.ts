/** Messages and notes on their way to the hub: shown at once, sent in order, never sent twice, never silently lost. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

import { ApiError, call, newKey } from '@/api/client'
import type { Attachment, EntryView } from '@/api/types'
import { now } from '@/clock'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { useThreads } from '@/stores/threads'

const KEY = 'lianxin.outbox.' // and the user's id; of this tab: a reload sends on with the same keys

/** What a mail is to have beside its text; `html` is its text with formatting, `quotes` the entry that it repeats below. */
export interface MailAsked {
  subject: string
  cc: string[]
  html: string
  quotes: string
}

export interface Unsent {
  client_id: string
  conversation_id: string
  is_note: boolean
  text: string
  attachments: Attachment[]
  mail?: MailAsked
  /** Colleagues whom a note names. */
  mentions?: string[]
  created_at: string
  /** `held`: the line is down, it goes out by itself; `failed`: a person has to decide. */
  state: 'sending' | 'held' | 'failed'
  error: string
}

export const useOutbox = defineStore('outbox', () => {
  const desk = useDesk()
  const threads = useThreads()
  const key = KEY + useSession().me?.user_id
  const items = reactive<Unsent[]>(stored(key))
  const busy = new Set<string>()

  function send(conversationId: string, text: string, attachments: Attachment[], isNote: boolean, more: Pick<Unsent, 'mail' | 'mentions'> = {}): void {
    items.push({
      client_id: newKey(),
      conversation_id: conversationId,
      is_note: isNote,
      text,
      attachments,
      ...more,
      created_at: new Date(now()).toISOString(),
      state: 'sending',
      error: '',
    })
    keep()
    void pump(conversationId)
  }

  /** Send what waits for one conversation, first things first; stop at the first that does not go out. */
  async function pump(conversationId: string): Promise<void> {
    if (busy.has(conversationId)) return
    busy.add(conversationId)
    try {
      for (let item = next(conversationId); item; item = next(conversationId)) {
        item.state = 'sending'
        const entry = await post(item)
        if (!entry) break
        threads.patch(entry.entry_id, entry)
        remove(item.client_id)
      }
    } finally {
      busy.delete(conversationId)
    }
  }

  async function post(item: Unsent): Promise<EntryView | null> {
    const { client_id, text, attachments, mail, mentions } = item
    const media = attachments.map((attachment) => attachment.media_id)
    const body = item.is_note ? { client_id, text, mentions } : { client_id, text, attachments: media, mail }
    try {
      const path = `/conversations/${item.conversation_id}/${item.is_note ? 'notes' : 'messages'}`
      return await call<EntryView>('POST', path, body, { key: client_id })
    } catch (error) {
      const failure = error as ApiError
      item.state = failure.isUncertain ? 'held' : 'failed'
      item.error = failure.code
      keep()
      return null
    }
  }

  function next(conversationId: string): Unsent | undefined {
    return items.find((item) => item.conversation_id === conversationId && item.state !== 'failed')
  }

  function retry(clientId: string): void {
    const item = items.find((one) => one.client_id === clientId)
    if (!item) return
    item.state = 'sending'
    void pump(item.conversation_id)
  }

  function remove(clientId: string): void {
    const index = items.findIndex((item) => item.client_id === clientId)
    if (index >= 0) items.splice(index, 1)
    keep()
  }

  function keep(): void {
    sessionStorage.setItem(key, JSON.stringify(items))
  }

  desk.onUp(() => new Set(items.map((item) => item.conversation_id)).forEach((id) => void pump(id)))
  addEventListener('beforeunload', (event) => {
    if (items.length) event.preventDefault()
  })

  return { items, send, retry, remove, unsentOf: (id: string) => items.filter((item) => item.conversation_id === id) }
})

function stored(key: string): Unsent[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]') as Unsent[]
  } catch {
    return []
  }
}
