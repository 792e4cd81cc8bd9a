/** What the hub says and takes, field by field as in its own views; fields at their default are left out. */

export type ConversationState = 'flow' | 'queued' | 'active' | 'wrap_up' | 'closed'
export type AuthorKind = 'contact' | 'agent' | 'flow' | 'system'
export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'deferred' | 'unknown'
export type AgentStateName = 'available' | 'busy' | 'wrap_up' | 'away' | 'offline' | 'unreachable'
export type LocalText = { zh?: string; en?: string }

export interface Me {
  user_id: string
  username: string
  display_name: string
  work_number: string
  permissions: string[]
  csrf: string
  must_change_password: boolean
  is_agent: boolean
  hub_version: string
}

export interface AddressView {
  uri: string
  instance?: string
  address_id?: string
  source?: string
  is_preferred?: boolean
}

export interface ContactView {
  contact_id: string
  name?: string
  level?: number
  language?: string
  is_verified?: boolean
  is_blocked?: boolean
  birth_year?: number | null
  tags?: string[]
  remarks?: string
  addresses?: AddressView[]
  attributes?: Record<string, string>
  /** Who serves them whenever at work. */
  agent_id?: string | null
  /** Why agents are warned of them, for ever or until then. */
  caution?: string
  caution_until?: string | null
}

/** One party of a call. */
export interface CallLegView {
  leg_id: string
  role: 'caller' | 'agent' | 'supervisor' | 'outside'
  user_id?: string | null
  name?: string
  state?: 'dialling' | 'ringing' | 'answered' | 'ended'
  does?: 'ring' | 'listen' | 'record' | 'talk' | 'spy'
  room?: string
  is_muted?: boolean
  spy_mode?: SpyMode | null
}

export type SpyMode = 'listen' | 'whisper' | 'barge'

/** A conversation's call, or its last one once `ended_at` is set. */
export interface CallView {
  call_id: string
  direction?: 'in' | 'out' | 'internal'
  dialled?: string
  legs?: CallLegView[]
  is_held?: boolean
  is_recorded?: boolean
  is_paused?: boolean
  /** The citizen was sent into a flow by the agent, who waits. */
  is_in_flow?: boolean
  /** What the citizen pressed in menus. */
  keys?: string
  arrived_at: string
  talked_at?: string | null
  ended_at?: string | null
  cause?: string
}

/** A call that is owed to somebody who waited. */
export interface CallBackView {
  asked_at: string
  tries?: number
  next_at?: string | null
}

export interface ConversationView {
  conversation_id: string
  contact_id: string
  contact_name?: string
  contact_level?: number
  instance: string
  channel: string
  address: string
  state: ConversationState
  queue_id?: string | null
  agent_id?: string | null
  priority?: number
  tags?: string[]
  topic?: string
  summary?: string
  wrap_up_code?: string | null
  form?: FilledForm | null
  rating?: number | null
  opened_at: string
  queued_at?: string | null
  assigned_at?: string | null
  wrap_up_until?: string | null
  closed_at?: string | null
  last_entry_at?: string | null
  last_text?: string
  last_author?: AuthorKind
  waiting_since?: string | null
  unread?: number
  reply_address?: string
  reply_instance?: string
  call?: CallView | null
  call_back?: CallBackView | null
  snoozed_until?: string | null
  merged_into?: string | null
  held?: HeldView | null
}

/** What is done to a conversation at `due_at` unless it is undone before. */
export interface HeldView {
  step: 'end' | 'transfer'
  by_id: string
  to?: string
  due_at: string
}

export interface Attachment {
  media_id: string
  mime: string
  name?: string
  size_bytes?: number
  width?: number | null
  height?: number | null
  is_voice?: boolean
}

export interface EntryView {
  entry_id: string
  conversation_id: string
  kind: 'message' | 'note' | 'notice'
  direction?: 'in' | 'out' | 'none'
  author_kind?: AuthorKind
  author_id?: string | null
  author_name?: string
  instance?: string
  channel?: string
  seq?: number
  text?: string
  attachments?: Attachment[]
  choices?: { key: string; label: string }[]
  status?: MessageState | null
  code?: string
  params?: Record<string, string>
  client_id?: string
  mail?: Mail | null
  created_at: string
}

/** What a mail carries beside its text. */
export interface Mail {
  subject?: string
  sender?: string
  to?: string[]
  cc?: string[]
  message_id?: string
  references?: string[]
  is_reply?: boolean
  quoted?: string
  signature?: string
  html_media_id?: string
  original_media_id?: string
  has_remote_images?: boolean
  verdicts?: Record<string, string>
  sender_check?: 'unknown' | 'passed' | 'failed'
  warnings?: string[]
}

export interface OfferView {
  offer_id: string
  work_id: string
  conversation_id: string
  agent_id: string
  queue_id: string
  made_at: string
  expires_at: string
  explanation?: Record<string, string>
}

/** Of an agent; `outside` is a number that is simply called. */
export type PhoneKind = 'browser' | 'sip' | 'outside'

export interface AgentView {
  agent_id: string
  display_name: string
  work_number: string
  state: AgentStateName
  reason?: string
  work_mode?: string
  since: string
  load?: Record<string, number>
  queue_ids?: string[]
  department_id?: string
  group_ids?: string[]
  /** On which kind of phone calls ring now; none where no phone can be rung. */
  phone?: PhoneKind
}

export interface QueueView {
  queue_id: string
  title: string
  waiting?: number
  longest_since?: string | null
  available?: number
  serving?: number
  wait_median_s?: number | null
  wait_p90_s?: number | null
}

export interface NotificationView {
  notification_id: string
  user_id: string
  kind: 'mention' | 'reminder' | 'woken' | 'not_done' | 'merged' | 'alarm' | 'away_long' | 'assigned' | 'to_review' | 'scored' | 'appeal_decided' | `order_${'assigned' | 'urged' | 'answered' | 'overdue'}`
    | 'expiring' | 'expert_asked' | 'expert_settled' | 'expert_declined'
  conversation_id?: string | null
  params?: Record<string, string>
  created_at: string
}

export interface TodoView {
  todo_id: string
  user_id: string
  text: string
  conversation_id?: string | null
  due_at?: string | null
  done_at?: string | null
  created_at: string
}

/** A chat among colleagues; `unread` by member. A room of two has no title. */
export interface RoomView {
  room_id: string
  title?: string
  unread: Record<string, number>
  last_text?: string
  last_author_id?: string
  last_at: string
}

export interface RoomMessageView {
  room_message_id: string
  room_id: string
  author_id: string
  text: string
  client_id?: string
  created_at: string
}

export interface BulletinView {
  bulletin_id: string
  title: string
  text: string
  author_id: string
  author_name: string
  queue_ids?: string[]
  published_at: string
  withdrawn_at?: string | null
}

/** One's own day; lengths in seconds. */
export interface OwnFigures {
  since: string
  taken?: number
  finished?: number
  in_hand?: number
  written?: number
  missed?: number
  declined?: number
  first_reply_s?: number | null
  handling_s?: number | null
  rating?: number | null
  ratings?: number
}

export interface DraftView {
  text: string
  is_note?: boolean
  saved_at: string
}

/** One that others name as their `parent` is a heading; without `queue_ids` it is for every queue. */
export interface WrapUpCode {
  title: LocalText
  parent?: string | null
  queue_ids?: string[]
}

/** What an agent may mark a conversation or a contact with; words of their own stand beside. */
export interface Tag {
  title: LocalText
  color: 'grey' | 'blue' | 'green' | 'amber' | 'red'
  is_active: boolean
}

export interface FormField {
  name: string
  title: LocalText
  kind: 'text' | 'long_text' | 'number' | 'date' | 'time' | 'yes_no' | 'choice' | 'choices'
  hint: LocalText
  options: { value: string; title: LocalText }[]
  is_required: boolean
}

/** Without `queue_ids` it is for every queue; one that `opens` is shown as soon as a conversation is taken. */
export interface Form {
  title: LocalText
  queue_ids: string[]
  fields: FormField[]
  is_required: boolean
  opens?: boolean
  is_active: boolean
}

export type FormValue = string | string[]

export interface FilledForm {
  form_id: string
  version?: number
  values?: Record<string, FormValue>
}

/** The `setup` table: each key has its own kind of value. */
export interface Setup {
  queues?: Record<string, { title: LocalText; is_active?: boolean }>
  wrap_up_codes?: Record<string, WrapUpCode>
  away_reasons?: Record<string, { title: LocalText }>
  tags?: Record<string, Tag>
  forms?: Record<string, Form>
  departments?: Record<string, { title: LocalText; parent?: string; is_active?: boolean }>
  agent_groups?: Record<string, { title: LocalText }>
  named_numbers?: { title: LocalText; number: string }[]
  limits?: { wrap_up_s?: number; attachment_bytes?: number; text_chars?: number }
  phone?: { is_available?: boolean }
}

export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}
