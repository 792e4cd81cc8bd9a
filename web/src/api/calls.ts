/** Records of calls, by name. */
import { call, withQuery } from './client'

/** What calls and recordings are found by. */
export interface CallFilter {
  begin?: string
  end?: string
  direction?: string
  number?: string
  dialled?: string
  least_calls?: number
  user_id?: string
  queue_id?: string
}

export interface CallRecord {
  call_id: string
  conversation_id: string
  direction: 'in' | 'out'
  number: string
  dialled: string
  trunk: string
  queue_id: string | null
  user_ids: string[]
  arrived_at: string
  ended_at: string | null
  is_answered: boolean
  waited_s: number | null
  talked_s: number | null
  cause: string
  hung_up_by: '' | 'citizen' | 'hub'
  is_recorded: boolean
}

export type CallQuery = CallFilter & { is_answered?: string }

export const findCalls = async (query: CallQuery, limit: number, offset: number) =>
  (await call<{ items: CallRecord[] }>('GET', withQuery('/calls', { ...query, limit, offset }))).items

/** Return where all calls that are found are a file, in the words of `language`. */
export const callsFileUrl = (query: CallQuery, format: 'xlsx' | 'csv', language: string) =>
  withQuery('/api/v1/call-files', { ...query, format, language })
