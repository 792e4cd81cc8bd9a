/** Recordings of calls, by name. */
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

export interface RecordingFilter {
  begin?: string
  end?: string
  number?: string
  user_id?: string
  queue_id?: string
  least_s?: number
}

export interface RecordingRules {
  keep_days: number | null
}

const path = (id: string, what: string) => `/recordings/${id}/${what}`

export const findRecordings = async (filter: RecordingFilter, limit: number, offset: number) =>
  (await call<{ items: RecordingView[] }>('GET', withQuery('/recordings', { ...filter, limit, offset }))).items

export const holdRecording = (id: string, isHeld: boolean, reason: string) =>
  call<RecordingView>('PUT', path(id, 'hold'), { is_held: isHeld, reason })

export const deleteRecording = (id: string, reason: string) => call<void>('POST', path(id, 'delete'), { reason })

export const recordingRules = () => call<RecordingRules>('GET', '/recording-rules')

export const saveRecordingRules = (rules: RecordingRules) => call<RecordingRules>('PUT', '/recording-rules', rules)
