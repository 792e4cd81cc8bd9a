/** What travels over the desk's WebSocket. */
import type { Alarm, Board } from '@/api/wallboard'
import type { Patch, Snapshot } from './tables'

/** Somebody who shows a conversation. */
export interface Looker {
  user_id: string
  name: string
  is_typing: boolean
}

/** What a browser shows. */
export interface ScreenNotice {
  page: string
  is_hidden: boolean
  phone: string
  is_talking: boolean
  is_muted: boolean
}

export interface Signal {
  type: 'signal'
  name: string
  conversation_id: string
  is_typing?: boolean
  by?: string
  /** Of `company`. */
  people?: Looker[]
  /** Of `wallboard`. */
  board?: Board
  /** Of `alarm`. */
  alarm?: Alarm
  /** Of `speech`, with the fields of a line beside it, and of `colleague_not_reached`. */
  call_id?: string
  colleague?: string
  cause?: string
}

export type Inbound =
  | { type: 'resume'; epoch: string; seq: number }
  | { type: 'snapshot'; epoch: string; seq: number; tables: Snapshot }
  | { type: 'delta'; seq: number; patches: Patch[] }
  | { type: 'ping' }
  | { type: 'bye'; code: ByeCode }
  | Signal

export type ByeCode = 'logged_out' | 'replaced' | (string & {})

export type Outbound =
  | { type: 'hello'; epoch: string | null; seq: number }
  | { type: 'pong' }
  | { type: 'typing'; conversation_id: string; is_typing: boolean }
  | { type: 'look'; conversation_id: string }
  | { type: 'watch'; is_on: boolean }
  | ({ type: 'screen' } & ScreenNotice)

export function decode(data: unknown): Inbound | null {
  if (typeof data !== 'string') return null
  try {
    const frame = JSON.parse(data) as Inbound | null
    return typeof frame?.type === 'string' ? frame : null
  } catch {
    return null
  }
}
