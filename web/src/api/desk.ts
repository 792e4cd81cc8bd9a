/** The calls an agent makes, by name. */
import { call, newKey, upload, withQuery } from './client'
import type { AgentView, Attachment, ContactView, ConversationView, EntryView, FilledForm, Page } from './types'

const conversation = (id: string, rest = '') => `/conversations/${id}${rest}`

export interface StateChange {
  /** Left out, it stays. */
  state?: 'available' | 'busy' | 'away' | 'offline'
  reason?: string
  work_mode?: 'normal' | 'outbound_only' | 'off_shift' | 'leader'
}

export const setState = (change: StateChange) => call<AgentView>('PUT', '/me/state', change)

export const acceptOffer = (id: string) =>
  call<ConversationView>('POST', `/offers/${id}/accept`, undefined, { key: `accept-${id}` })

export const declineOffer = (id: string, reason: string) => call<void>('POST', `/offers/${id}/decline`, { reason })

export interface ListQuery {
  view: 'mine' | 'waiting' | 'all'
  cursor?: string | null
  limit?: number
  channel?: string
  q?: string
}

export const listConversations = (query: ListQuery) =>
  call<Page<ConversationView>>('GET', withQuery('/conversations', { ...query }))

export const getConversation = (id: string) => call<ConversationView>('GET', conversation(id))

export const markRead = (id: string) => call<void>('POST', conversation(id, '/read'))

export const retryMessage = (id: string, entryId: string) =>
  call<EntryView>('POST', conversation(id, `/messages/${entryId}/retry`), undefined, { key: newKey() })

export const pick = (id: string, reason: string) => call<ConversationView>('POST', conversation(id, '/pick'), { reason })

/** One decision about a conversation's work; `why` is in the codes of docs/routing.md. */
export interface RoutingStep {
  at: string
  step: string
  queue_id: string
  agent_id?: string
  offer_id?: string
  outcome?: string
  reason?: string
  ended_at?: string
  why?: Record<string, string>
}

export const getRouting = (id: string) => call<Page<RoutingStep>>('GET', conversation(id, '/routing'))

export interface Transfer {
  queue_id?: string
  agent_id?: string
  note: string
  client_id: string
}

export const transfer = (id: string, to: Transfer) => call<ConversationView>('POST', conversation(id, '/transfer'), to)

export const endConversation = (id: string) => call<ConversationView>('POST', conversation(id, '/end'))

export interface WrapUp {
  code: string
  summary: string
  tags: string[]
  form?: FilledForm
}

export const wrapUp = (id: string, result: WrapUp) => call<ConversationView>('POST', conversation(id, '/wrap-up'), result)

export const editConversation = (id: string, change: { topic?: string } & Partial<Omit<WrapUp, 'code'>>) =>
  call<ConversationView>('PATCH', conversation(id), change)

export const getContact = (id: string) => call<ContactView>('GET', `/contacts/${id}`)

export type ContactChange = Partial<Pick<ContactView, 'name' | 'birth_year' | 'remarks' | 'tags' | 'agent_id'>>

export const editContact = (id: string, change: ContactChange) => call<ContactView>('PATCH', `/contacts/${id}`, change)

export const contactConversations = (id: string) =>
  call<Page<ConversationView>>('GET', `/contacts/${id}/conversations`)

export const uploadMedia = (file: File, onProgress: (share: number) => void, signal?: AbortSignal) =>
  upload<Attachment>('/media', file, onProgress, signal)

/** Return where the page of a mail is, for a frame; with `images` other servers learn that it was opened. */
export const mailUrl = (mediaId: string, images: boolean) => `/mail/${mediaId}${images ? '?images=1' : ''}`

/** Return where the file of `attachment` is. */
export const mediaUrl = ({ media_id, name }: Attachment) => `/media/${media_id}/${encodeURIComponent(name || 'file')}`
