/** The call of the page of the system's state. */
import { call } from './client'

export interface ProcessView {
  pid: number
  role: 'supervisor' | 'hub' | 'bus' | 'search' | 'plugin' | 'engine' | 'other'
  name: string
  /** Share of one core. */
  cpu: number
  memory_bytes: number
  restarts: number
}

export interface StreamReader {
  name: string
  waiting: number
  in_hand: number
  repeated: number
}

export interface StreamState {
  name: string
  messages: number
  size_bytes: number
  limit_bytes: number
  readers: StreamReader[]
}

export interface Advice {
  concern: string
  subject: string
  value: number
  is_urgent: boolean
}

export interface Moment {
  at: string
  cpu: number
  memory_bytes: number
  waiting: number
}

/** One phone engine; `is_up` of a trunk is null while nothing was heard of it. */
export interface EngineView {
  instance: string
  is_ready: boolean
  version: string
  address: string
  calls: number
  phones: number
  registered: number
  trunks: { name: string; is_up: boolean | null; calls: number }[]
}

export interface SystemView {
  at: string
  version: string
  started_at: string
  processes: ProcessView[]
  streams: StreamState[]
  storage: { folder: string; total_bytes: number; free_bytes: number; database_bytes: number | null }
  lines: { name: string; is_up: boolean; is_trunk?: boolean; calls?: number; reason?: string }[]
  engines: EngineView[]
  dead_letters: number
  advice: Advice[]
  history: Moment[]
}

export const getSystem = () => call<SystemView>('GET', '/system')

export interface Library {
  name: string
  version: string
  license: string
  url: string
  runs_in: 'server' | 'browser'
}

export interface About {
  version: string
  python: string
  system: string
  libraries: Library[]
}

export const getAbout = () => call<About>('GET', '/about')
