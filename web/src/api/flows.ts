/** The calls of the flow editor. */
import { call } from './client'
import type { LocalText } from './types'

export type FlowNode = Record<string, unknown> & { step: string }

export interface Graph {
  start: string
  nodes: Record<string, FlowNode>
  title?: LocalText
  human?: string
  entries?: string[]
  languages?: string[]
  layout?: Record<string, [number, number]>
  [field: string]: unknown
}

export interface FlowVersion {
  version: number
  note: string
  author: string
  created_at: string
  is_published: boolean
}

export interface FlowView {
  flow_id: string
  title: LocalText
  is_archived: boolean
  published_version: number | null
  versions: FlowVersion[]
  uses: { kind: 'entry' | 'rating' | 'hand_over'; name: string }[]
}

export interface Reference {
  id: string
  title: LocalText
}

export type References = Record<string, Reference[]>

export interface Starter {
  name: string
  title: LocalText
  graph: Graph
  questions: { connector: string; params: string[]; fields: string[] }[]
}

export interface Entry {
  flow: string
  queue: string
}

export interface FlowFault {
  code: string
  node?: string
  params?: Record<string, string>
}

export interface TrialState {
  node: string
  awaiting?: string
  turn?: number
}

export type TrialAction = Record<string, unknown> & { action: string }

export interface Stepped {
  state: TrialState
  actions: TrialAction[]
}

export const listFlows = async () => (await call<{ items: FlowView[] }>('GET', '/flows')).items
export const getGraph = (id: string, version: number) => call<Graph>('GET', `/flows/${id}/versions/${version}`)
export const checkGraph = async (graph: Graph) => (await call<{ faults: FlowFault[] }>('POST', '/flow-checks', { graph })).faults
/** Keep a version; refused as `edited_meanwhile` when `based_on` is not the newest any more (0: there is none yet). */
export const saveGraph = (id: string, graph: Graph, note: string, based_on: number) =>
  call<{ version: number }>('POST', `/flows/${id}/versions`, { graph, note, based_on })
export const getFlow = (id: string) => call<FlowView>('GET', `/flows/${id}`)
export const archiveFlow = (id: string, is_archived: boolean) => call<FlowView>('PUT', `/flows/${id}/archive`, { is_archived })
export const listStarters = async () => (await call<{ items: Starter[] }>('GET', '/flow-starters')).items
export const listReferences = () => call<References>('GET', '/flow-references')
export const listEntries = async () => (await call<{ entries: Record<string, Entry> }>('GET', '/flow-entries')).entries
export const saveEntries = (entries: Record<string, Entry>) => call<void>('PUT', '/flow-entries', { entries })
export const publishFlow = (id: string, version: number) => call<FlowView>('POST', `/flows/${id}/publish`, { version })
export const tryGraph = (step: { graph: Graph; medium: 'text' | 'voice'; language: string; state?: TrialState; input?: Record<string, unknown> }) =>
  call<Stepped>('POST', '/flow-trials', step)
