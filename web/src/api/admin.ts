/** The calls an administrator makes, by name. */
import { call, withQuery } from './client'
import type { LocalText } from './types'

export type ProcessState = 'stopped' | 'starting' | 'running' | 'restarting' | 'fenced'

export interface InstanceStatus {
  process: ProcessState
  reason?: string
  detail?: string
  restarts?: number
  memory_bytes?: number | null
  since: string
  version?: string
  log?: string[]
}

export interface ChannelState {
  state: string
  code?: string
  reason?: string
}

export interface InstanceView {
  instance: string
  plugin: string
  is_enabled: boolean
  revision: number
  status?: InstanceStatus | null
  channel_state?: ChannelState | null
  settings?: Record<string, unknown> | null
}

export interface PluginView {
  module: string
  name?: string
  kind?: string
  title?: LocalText
  version?: string
  quality?: string
  capabilities?: string[]
  fault?: string
}

export interface InstalledPlugin {
  plugin: PluginView
  instances: InstanceView[]
}

/** The part of JSON Schema that settings are written in. */
export interface Schema {
  $ref?: string
  $defs?: Record<string, Schema>
  type?: string | string[]
  title?: string
  description?: string
  format?: string
  enum?: (string | number | null)[]
  const?: string | number
  anyOf?: Schema[]
  oneOf?: Schema[]
  discriminator?: { propertyName: string; mapping?: Record<string, string> }
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema | boolean
  prefixItems?: Schema[]
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  'x-secret'?: boolean
  /** A text of several lines. */
  'x-multiline'?: boolean
  /** The kind of thing a text names: the form offers those there are. */
  'x-ref'?: string
  /** A map from languages to texts. */
  'x-localized'?: boolean
  'x-title'?: LocalText
  'x-description'?: LocalText
}

export interface PluginDescription {
  manifest: Record<string, unknown>
  schema: Schema
}

type Items<T> = { items: T[] }

export const listPlugins = async () => (await call<Items<InstalledPlugin>>('GET', '/plugins')).items
export const describePlugin = (plugin: string) => call<PluginDescription>('GET', `/plugins/${plugin}/schema`)
export const getInstance = (instance: string) => call<InstanceView>('GET', `/instances/${instance}`)
export const deleteInstance = (instance: string) => call<void>('DELETE', `/instances/${instance}`)
export const switchInstance = (instance: string, is_enabled: boolean) =>
  call<InstanceView>('PUT', `/instances/${instance}/switch`, { is_enabled })

export interface InstanceChange {
  plugin: string
  settings: Record<string, unknown>
  is_enabled: boolean
  probe: boolean
}

export const saveInstance = (instance: string, change: InstanceChange) =>
  call<InstanceView>('PUT', `/instances/${instance}`, change)

export interface UserView {
  user_id: string
  username: string
  display_name: string
  work_number: string
  role_ids: string[]
  department_id: string
  group_ids: string[]
  queue_ids: string[]
  skills: Record<string, number>
  capacities: Record<string, number>
  granted: string[]
  denied: string[]
  language: string
  is_active: boolean
  must_change_password: boolean
}

export type NewUser = Pick<
  UserView,
  'username' | 'display_name' | 'work_number' | 'role_ids' | 'department_id' | 'group_ids' | 'queue_ids' | 'skills' | 'capacities'
>
export type UserChange = Partial<Omit<NewUser, 'username'> & Pick<UserView, 'is_active' | 'granted' | 'denied'>>

export interface RoleView {
  role_id: string
  title: LocalText
  permissions: string[]
}

export const listUsers = async () => (await call<Items<UserView>>('GET', '/users')).items
export const makeUser = (user: NewUser) => call<{ user: UserView; password: string }>('POST', '/users', user)
export const editUser = (id: string, change: UserChange) => call<UserView>('PATCH', `/users/${id}`, change)
export const resetPassword = (id: string) => call<{ password: string }>('POST', `/users/${id}/password`)

/** What leads to a queue. */
export interface QueueUse {
  kind: 'flow' | 'entry' | 'overflow'
  name: string
}

export interface QueueSetup {
  queue_id: string
  title: LocalText
  rules: Record<string, unknown>
  is_active: boolean
  uses?: QueueUse[]
}

export const listQueues = async () => (await call<Items<QueueSetup>>('GET', '/queues')).items
export const saveQueue = (id: string, queue: { title: LocalText; rules: Record<string, unknown> }) =>
  call<QueueSetup>('PUT', `/queues/${id}`, queue)
export const retireQueue = (id: string, change: { is_retired: boolean; move_to?: string }) =>
  call<QueueSetup>('PUT', `/queues/${id}/retirement`, change)

export interface ParkedLetter {
  seq: number
  letter: {
    subject: string
    consumer: string
    error: string
    deliveries: number
    payload: string
    encoding?: 'text' | 'base64'
    parked_at: string
  }
}

export const listDeadLetters = async (limit: number, before?: number) =>
  (await call<Items<ParkedLetter>>('GET', withQuery('/dead-letters', { before, limit }))).items
export const replayDeadLetter = (seq: number) => call<void>('POST', `/dead-letters/${seq}/replay`)
export const discardDeadLetter = (seq: number) => call<void>('DELETE', `/dead-letters/${seq}`)

export interface Deed {
  audit_id: number
  at: string
  actor: string
  action: string
  object_kind: string
  object_id: string
  detail: Record<string, unknown>
  ip: string
}

export interface AuditFilter {
  actor: string
  action: string
  object_id: string
  since: string
  until: string
}

export const listAudit = async (filter: AuditFilter, limit: number, before?: number) =>
  (await call<Items<Deed>>('GET', withQuery('/audit', { ...filter, before, limit }))).items

interface OpenApi {
  components: { schemas: Record<string, Schema> }
}

let described: Promise<OpenApi> | undefined

/** Return the schema of what a call takes, from the hub's own description of itself, which is fetched once. */
export async function schemaOf(name: string): Promise<Schema> {
  described ??= call<OpenApi>('GET', '/openapi.json')
  const document = await described.catch((error: unknown) => {
    described = undefined
    throw error
  })
  return { $ref: `#/components/schemas/${name}`, $defs: document.components.schemas }
}

export interface CalendarRules {
  timezone?: string
  weekly?: Record<string, Span[]>
  follows_holidays?: boolean
  holiday_spans?: Span[]
  make_up_spans?: Span[]
  dates?: Record<string, Span[]>
}

/** From when to before when, as `08:30`; a day ends at `24:00`. */
export type Span = [string, string]

export interface CalendarView {
  calendar_id: string
  title: LocalText
  rules: CalendarRules
}

export interface Trial {
  situation: 'open' | 'closed' | 'holiday'
  day: 'normal' | 'holiday' | 'make_up' | 'own'
  next_opening: string | null
  next_closing: string | null
  knows_holidays: boolean
}

export const listCalendars = async () => (await call<Items<CalendarView>>('GET', '/calendars')).items
export const saveCalendar = (id: string, change: { title: LocalText; rules: CalendarRules }) =>
  call<CalendarView>('PUT', `/calendars/${id}`, change)
export const tryCalendar = (rules: CalendarRules, at: string) => call<Trial>('POST', '/calendar-trials', { rules, at })

export interface CodeView {
  code: string
  title: LocalText
  parent: string | null
  queue_ids: string[]
  position: number
  is_active: boolean
}

export const listCodes = async () => (await call<Items<CodeView>>('GET', '/wrap-up-codes')).items
export const saveCode = (code: string, change: Omit<CodeView, 'code'>) => call<CodeView>('PUT', `/wrap-up-codes/${code}`, change)

export interface ReasonView {
  reason: string
  title: LocalText
  position: number
  is_active: boolean
}

export const listReasons = async () => (await call<Items<ReasonView>>('GET', '/away-reasons')).items
export const saveReason = (reason: string, change: Omit<ReasonView, 'reason'>) =>
  call<ReasonView>('PUT', `/away-reasons/${reason}`, change)

export const listRolesAndPermissions = () => call<Items<RoleView> & { permissions: string[] }>('GET', '/roles')
export const saveRole = (id: string, role: Omit<RoleView, 'role_id'>) => call<RoleView>('PUT', `/roles/${id}`, role)
