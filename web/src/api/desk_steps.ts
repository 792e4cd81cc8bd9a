/** What is done to whole conversations, and what is the agent's own. */
import { call, withQuery } from './client'
import type { Transfer } from './desk'
import type { ContactView, ConversationView, EntryView, OwnFigures, TodoView } from './types'
import type { FoundArticle } from './knowledge'
import type { WorkOrderView } from './work_orders'

const conversation = (id: string, rest: string) => `/conversations/${id}${rest}`

export const holdEnd = (id: string) => call<ConversationView>('PUT', conversation(id, '/held-step'), { step: 'end' })

export const holdTransfer = (id: string, transfer: Transfer) =>
  call<ConversationView>('PUT', conversation(id, '/held-step'), { step: 'transfer', transfer })

export const undoStep = (id: string) => call<ConversationView>('DELETE', conversation(id, '/held-step'))

/** Take back a wrap-up that has just been finished. */
export const reopen = (id: string) => call<ConversationView>('POST', conversation(id, '/reopen'))

/** Put aside until `until`; without it, until the next business day begins. */
export const snooze = (id: string, until: string | null) =>
  call<ConversationView>('PUT', conversation(id, '/snooze'), { until })

export const wake = (id: string) => call<ConversationView>('DELETE', conversation(id, '/snooze'))

export const mergeConversations = (id: string, otherId: string) =>
  call<ConversationView>('POST', conversation(id, '/merge'), { other_id: otherId })

export const splitConversation = (id: string, entryIds: string[], topic: string) =>
  call<ConversationView>('POST', conversation(id, '/split'), { entry_ids: entryIds, topic })

export const deleteMessages = async (id: string, entryIds: string[], reason: string) =>
  (await call<{ items: EntryView[] }>('POST', conversation(id, '/deletions'), { entry_ids: entryIds, reason })).items

/** Refuse what comes from a contact, or have agents reminded of why to take care. */
export const blockContact = (id: string, reason: string, until: string | null, kind: 'refuse' | 'remind') =>
  call<ContactView>('POST', `/contacts/${id}/block`, { reason, until, kind })

export const unblockContact = (id: string) => call<ContactView>('DELETE', `/contacts/${id}/block`)

export interface NewTodo {
  text: string
  conversation_id?: string | null
  due_at?: string | null
}

export const addTodo = (todo: NewTodo) => call<TodoView>('POST', '/todos', todo)

export const finishTodo = (id: string, isDone: boolean) => call<TodoView>('PATCH', `/todos/${id}`, { is_done: isDone })

export const seeNotification = (id: string) => call<void>('POST', `/notifications/${id}/seen`)

export const seeAllNotifications = () => call<void>('POST', '/notifications/seen')

export const ownFigures = () => call<OwnFigures>('GET', '/me/figures')

export interface Found {
  contacts: ContactView[]
  conversations: ConversationView[]
  orders: WorkOrderView[]
  articles: FoundArticle[]
}

export const searchAll = (words: string) => call<Found>('GET', withQuery('/search', { q: words }))
