/** The wallboard's figures and alarms, field by field as in hub/figures/views.py; zeros are left out. */
import { call, withQuery } from './client'
import type { AgentStateName, AgentView } from './types'

export type PeriodName = 'today' | '15' | '30' | '60'
export const PERIODS: PeriodName[] = ['today', '15', '30', '60']

export interface Tally {
  offered?: number
  answered?: number
  abandoned?: number
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
  service_level: number | null
}

export const getBoard = () => call<Board>('GET', '/wallboard')
export const getDay = async (queueId: string) =>
  (await call<{ quarters: Quarter[] }>('GET', withQuery('/wallboard/day', { queue_id: queueId }))).quarters
export const acknowledge = (alarmId: string) => call<Alarm>('POST', `/alarms/${alarmId}/acknowledge`)

export const getWallboardSettings = () => call<Record<string, unknown>>('GET', '/wallboard/settings')
export const saveWallboardSettings = (settings: unknown) => call<Record<string, unknown>>('PUT', '/wallboard/settings', settings)

export const forceState = (agentId: string, state: AgentStateName, reason = '') =>
  call<AgentView>('PUT', `/agents/${agentId}/state`, { state, reason })
export const releaseAgent = (agentId: string) => call<AgentView>('POST', `/agents/${agentId}/release`)
