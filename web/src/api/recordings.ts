/** Recordings of calls, by name. */
import type { CallFilter } from './calls'
import { call, withQuery } from './client'
import type { Attachment } from './types'

export interface RecordingView {
  recording_id: string
  conversation_id: string
  number: string
  user_id: string | null
  queue_id: string | null
  started_at: string
  length_s: number
  is_cut: boolean
  is_held: boolean
  file: Attachment | null
  deleted_at: string | null
}

export type RecordingFilter = CallFilter & { least_s?: number }

export interface RecordingRules {
  keep_days: number | null
}

/** Many recordings as one file, written while one waits; it is there for a day. */
export interface RecordingExport {
  export_id: string
  state: 'running' | 'done' | 'cancelled' | 'failed'
  done: number
  total: number
  began_at: string
}

const path = (id: string, what: string) => `/recordings/${id}/${what}`

export const findRecordings = async (filter: RecordingFilter, limit: number, offset: number) =>
  (await call<{ items: RecordingView[] }>('GET', withQuery('/recordings', { ...filter, limit, offset }))).items

export const holdRecording = (id: string, isHeld: boolean, reason: string) =>
  call<RecordingView>('PUT', path(id, 'hold'), { is_held: isHeld, reason })

export const deleteRecording = (id: string, reason: string) => call<void>('POST', path(id, 'delete'), { reason })

export const recordingRules = () => call<RecordingRules>('GET', '/recording-rules')

export const saveRecordingRules = (rules: RecordingRules) => call<RecordingRules>('PUT', '/recording-rules', rules)

export const recordingUrl = (id: string) => `/api/v1/recordings/${id}/file`

export const beginExport = (filter: RecordingFilter) => call<RecordingExport>('POST', '/recording-exports', filter)

export const lastExport = async () => (await call<{ export: RecordingExport | null }>('GET', '/recording-exports')).export

export const cancelExport = () => call<void>('DELETE', '/recording-exports')

export const exportUrl = (id: string) => `/api/v1/recording-exports/${id}/file`
