/** Reports of whole days, field by field as in hub/figures/report_sums.py; zeros are left out. */
import { call, withQuery } from './client'
import type { AlarmKind, AlarmRecord, Tally } from './wallboard'

export const GROUPS = ['queue', 'agent', 'agent_group', 'department', 'channel', 'hour'] as const
export type ReportGroup = (typeof GROUPS)[number]
export const STEPS = ['hour', 'day', 'week', 'month'] as const

export interface CallTally {
  incoming?: number
  answered?: number
  lost?: number
  connection?: number | null
  outgoing?: number
  reached?: number
  talked?: number
  talk_s?: number | null
  longest_talk_s?: number
  total_talk_s?: number
}

/** Seconds; `logged_in_s` is the sum of the other five. */
export interface AgentTimes {
  logged_in_s: number
  available_s?: number
  serving_s?: number
  wrap_up_s?: number
  busy_s?: number
  away_s?: number
  away?: Record<string, number>
  occupancy?: number | null
}

export interface ReportLine {
  group_id?: string | null
  period?: string | null
  cases: Tally
  calls: CallTally
  left_s?: number | null
  longest_s?: number
  work_s?: number
  missed?: number
  declined?: number
  /** There when groups are of people. */
  times?: AgentTimes
  crossed?: string[]
}

export interface Figures {
  begin: string
  end: string
  lines: ReportLine[]
  groups: ReportLine[]
  periods: ReportLine[]
  total: ReportLine
}

export interface Report {
  now: Figures
  before: Figures | null
  alarms: AlarmRecord[]
  service_limit: number | null
  /** Titles by language of every reason, retired ones too. */
  away_reasons: Record<string, Record<string, string>>
  /** The rules that lines name as crossed. */
  rules: Record<string, { kind: AlarmKind; limit: number }>
}

export interface ReportQuery {
  begin: string
  end: string
  by: ReportGroup
  per: (typeof STEPS)[number]
  queue_id: string
  agent_id: string
  compare: string
}

export const getReport = (query: ReportQuery) => call<Report>('GET', withQuery('/reports', { ...query }))
export const reportFileUrl = (query: ReportQuery, format: 'xlsx' | 'csv', language: string) =>
  withQuery('/api/v1/report-files', { ...query, format, language })

/** What one trunk carried, field by field as in hub/figures/trunk_figures.py. */
export interface TrunkFigures {
  instance: string
  trunk: string
  is_up?: boolean | null
  since?: string | null
  max_calls?: number
  incoming?: number
  outgoing?: number
  answered?: number
  unanswered?: Record<string, number>
  busy_s?: number
  most?: number
  downs?: number
  down_s?: number
  loads?: number[]
}

/** The trunks of some days; `steps` are when those of their loads begin. */
export interface TrunkReport {
  steps: string[]
  trunks: TrunkFigures[]
}

export const TRUNK_DAYS = 31
export const getTrunkReport = (begin: string, end: string) => call<TrunkReport>('GET', withQuery('/reports/trunks', { begin, end }))
