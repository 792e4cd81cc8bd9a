/** The wallboard's figures and alarms, field by field as in hub/figures/views.py; zeros are left out. */
import { call, withQuery } from './client'
import type { AgentStateName, AgentView, ConversationView } from './types'

export type PeriodName = 'today' | '15' | '30' | '60'
export const PERIODS: PeriodName[] = ['today', '15', '30', '60']

export interface Tally {
  offered?: number
  answered?: number
  abandoned?: number
  diverted?: number
  waiting?: number
  handled?: number
  service_level?: number | null
  answer_s?: number | null
  handle_s?: number | null
  wrap_up_s?: number | null
  rated?: number
  rating?: number | null
  satisfied?: number | null
}

export type Periods = Partial<Record<PeriodName, Tally>>

export interface QueueBoard {
  queue_id: string
  service_s: number
  waiting?: number
  longest_since?: string | null
  available?: number
  serving?: number
  periods?: Periods
}

export const PART_KINDS = ['site', 'group', 'department'] as const
export type PartKind = (typeof PART_KINDS)[number]

export interface PartBoard {
  kind: PartKind
  part_id: string
  title?: Record<string, string>
  queue_ids: string[]
  agent_ids?: string[]
  periods?: Periods
}

export interface Served {
  conversation_id: string
  channel: string
  queue_id: string
  since: string
  is_call?: boolean
}

export interface AgentBoard {
  agent_id: string
  here_since?: string | null
  handled?: number
  handle_s?: number | null
  wrap_up_s?: number | null
  missed?: number
  declined?: number
  serving?: Served[]
}

export interface ChannelLine {
  name: string
  is_up: boolean
  is_trunk?: boolean
  calls?: number
  max_calls?: number
  since?: string | null
  round_trip_ms?: number | null
  reason?: string
}

export type AlarmKind = 'away_longer' | 'waiting_more' | 'wait_longer' | 'service_below' | 'channel_down'

export interface Alarm {
  alarm_id: string
  rule_id: string
  kind: AlarmKind
  subject_kind: 'agent' | 'queue' | 'channel'
  subject_id: string
  value: number
  limit: number
  is_urgent?: boolean
  minutes?: number
  raised_at: string
  acknowledged_by?: string
  acknowledged_at?: string | null
}

export interface Board {
  at: string
  day_start: string
  total: Periods
  queues?: Record<string, QueueBoard>
  parts?: PartBoard[]
  channels?: Record<string, Tally>
  agents?: Record<string, AgentBoard>
  lines?: ChannelLine[]
  alarms?: Alarm[]
}

export interface Quarter {
  begin: string
  offered: number
  answered: number
  abandoned: number
  diverted: number
  service_level: number | null
}

export interface Day {
  quarters: Quarter[]
  channels: Record<string, Tally>
  service_limit?: number | null
  alarms?: AlarmRecord[]
}

/** What happened to an alarm; `by` is empty for the hub's own doing. */
export interface AlarmRecord {
  number: number
  at: string
  action: 'raise' | 'acknowledge' | 'end' | 'message'
  by?: string
  rule_id?: string
  kind?: AlarmKind
  subject_kind?: Alarm['subject_kind']
  subject_id?: string
  value?: number
  limit?: number
  status?: string
  code?: string
}

export const getBoard = () => call<Board>('GET', '/wallboard')
export const getDay = (view: string) => call<Day>('GET', withQuery('/wallboard/day', { view }))
export const getAlarmLog = async (before?: number) =>
  (await call<{ items: AlarmRecord[] }>('GET', withQuery('/alarms', { before }))).items
export const acknowledge = (alarmId: string) => call<Alarm>('POST', `/alarms/${alarmId}/acknowledge`)

export const getWallboardSettings = () => call<Record<string, unknown>>('GET', '/wallboard/settings')
export const saveWallboardSettings = (settings: unknown) => call<Record<string, unknown>>('PUT', '/wallboard/settings', settings)

export const forceState = (agentId: string, state: AgentStateName, reason = '') =>
  call<AgentView>('PUT', `/agents/${agentId}/state`, { state, reason })
export const releaseAgent = (agentId: string) => call<AgentView>('POST', `/agents/${agentId}/release`)
export const logAgentOut = (agentId: string) => call<AgentView>('POST', `/agents/${agentId}/log-out`)
export const lockAgent = (agentId: string) => call<AgentView>('PUT', `/agents/${agentId}/lock`)
export const unlockAgent = (agentId: string) => call<AgentView>('DELETE', `/agents/${agentId}/lock`)
/** What one browser of an agent shows. */
export interface ScreenView {
  page: string
  since: string
  is_hidden?: boolean
  phone?: string
  is_talking?: boolean
  is_muted?: boolean
  has_conversation?: boolean
  conversation_id?: string
  contact_name?: string
  conversation_since?: string | null
  is_writing?: boolean
}
export const viewScreens = async (agentId: string) => (await call<{ items: ScreenView[] }>('GET', `/agents/${agentId}/screens`)).items
export const assignTo = (conversationId: string, agentId: string) =>
  call<ConversationView>('POST', `/conversations/${conversationId}/assign`, { agent_id: agentId })
