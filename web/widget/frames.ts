/** What travels between widget and channel: docs/plugins/web_chat.md. */

export interface Choice {
  key: string
  label: string
}

/** An attachment as it can be shown or fetched; `url` is relative to the channel's base. */
export interface SharedFile {
  url: string
  mime: string
  name?: string
  size_bytes?: number
  width?: number
  height?: number
}

export interface Line {
  type: 'message'
  seq?: number
  id?: string
  direction?: 'in' | 'out'
  cid?: string
  text?: string
  attachments?: SharedFile[]
  choices?: Choice[]
  name?: string
  kind?: 'contact' | 'agent' | 'flow' | 'system'
  at?: string
  status?: string
}

export type Situation = 'none' | 'flow' | 'queued' | 'active' | 'closed'

export interface SituationFrame {
  type: 'situation'
  situation: Situation
  place: number | null
  wait_s: number | null
}

export type ServerFrame =
  | { type: 'welcome'; visitor?: string; name?: string }
  | Line
  | SituationFrame
  | { type: 'typing'; on: boolean }
  | { type: 'ack'; cid: string }
  | { type: 'retry'; cid: string; after_ms: number }
  | { type: 'refused'; cid: string; code: string }
  | { type: 'ping' }
  | { type: 'error'; code: string }

/** A frame that is repeated until it is acknowledged. */
export type Kept =
  | { type: 'message'; cid: string; text: string; choice?: string; attachments?: string[] }
  | { type: 'opened'; cid: string }
  | { type: 'offline'; cid: string; text: string; name: string; phone: string }

export interface Hello {
  type: 'hello'
  visitor: string | null
  identity: string | null
  last: number
  language: string
  page_url: string
}

export type ClientFrame =
  | Hello
  | Kept
  | { type: 'typing'; on: boolean }
  | { type: 'seen'; seq: number }
  | { type: 'read'; seq: number }

/** What `GET config` answers. */
export interface Config {
  title: { zh: string; en: string }
  phone: string
  color: string
  is_open: boolean
  hours: [number[], string, string][]
  max_text: number
  max_upload_bytes: number
  allowed_types: string[]
}
