/** Calls about a contact's addresses, where answers go, and replies that need not be typed. */
import { call } from './client'
import type { Sender } from './outreach'
import type { Carries } from '@/composables/carried'
import type { ContactView, ConversationView, LocalText } from './types'

export interface ReplyOption {
  address_id: string
  uri: string
  channel: string
  instance: string
  title?: LocalText
  is_preferred?: boolean
  is_chosen?: boolean
  is_ready?: boolean
  settings?: Record<string, string>
  carries?: Carries
}

export interface CannedReply {
  template_id: string
  title: string
  text: string
  shortcut: string
  keys: string
}

export interface MergeView {
  merge_id: string
  merged_name: string
  rule: string
  made_by: string
  made_at: string
}

export interface Suggestion {
  suggestion_id: string
  other_id: string
  other_name: string
  uri: string
}

export interface MergePreview {
  result: ContactView
  merged: ContactView
  conversations: number
  open_conversations: number
  subscriptions: number
}

export interface AddressTerms {
  address_id: string
  is_refused: boolean
  refused_by?: string
  senders?: Sender[]
}

export interface ContactTerms {
  addresses: AddressTerms[]
  subscriptions: { topic_id: string; address_id: string }[]
}

export interface FirstMessage {
  client_id: string
  address_id: string
  instance: string
  text: string
  subject: string
}

const contact = (id: string, rest: string) => `/contacts/${id}${rest}`
const conversation = (id: string, rest: string) => `/conversations/${id}${rest}`

export const replyOptions = async (id: string) =>
  (await call<{ items: ReplyOption[] }>('GET', conversation(id, '/reply-options'))).items

export const chooseReplyOption = (id: string, { address_id, instance }: ReplyOption) =>
  call<ConversationView>('PUT', conversation(id, '/reply-option'), { address_id, instance })

export const cannedReplies = async (id: string) =>
  (await call<{ items: CannedReply[] }>('GET', conversation(id, '/canned-replies'))).items

export const addAddress = (id: string, text: string) => call<ContactView>('POST', contact(id, '/addresses'), { text })

export const unlinkAddress = (id: string, addressId: string) =>
  call<ContactView>('DELETE', contact(id, `/addresses/${addressId}`))

/** Return an address whole; the hub writes down who looked. */
export const revealAddress = async (id: string, addressId: string) =>
  (await call<{ uri: string }>('POST', `/contacts/${id}/addresses/${addressId}/reveal`)).uri
export const preferAddress = (id: string, addressId: string) =>
  call<ContactView>('POST', contact(id, `/addresses/${addressId}/prefer`))

export const contactLinks = (id: string) =>
  call<{ merges: MergeView[]; suggestions: Suggestion[] }>('GET', contact(id, '/links'))

export const dismissSuggestion = (id: string, suggestionId: string) =>
  call<void>('DELETE', contact(id, `/suggestions/${suggestionId}`))

export const previewMerge = (id: string, otherId: string) =>
  call<MergePreview>('POST', contact(id, '/merge-preview'), { other_id: otherId })

export const mergeContacts = (id: string, otherId: string) =>
  call<ContactView>('POST', contact(id, '/merges'), { other_id: otherId })

export const undoMerge = (id: string, mergeId: string) => call<ContactView>('DELETE', contact(id, `/merges/${mergeId}`))

export const contactTerms = (id: string) => call<ContactTerms>('GET', contact(id, '/outreach'))

export const changeRefusal = (id: string, addressId: string, isRefused: boolean) =>
  call<void>('PUT', contact(id, `/addresses/${addressId}/do-not-contact`), { is_refused: isRefused })

export const changeSubscription = (id: string, topicId: string, addressId: string, wanted: boolean) =>
  call<void>('PUT', contact(id, `/subscriptions/${topicId}`), { address_id: addressId, wanted })

export const beginConversation = (message: FirstMessage) =>
  call<ConversationView>('POST', '/conversations', message, { key: message.client_id })
