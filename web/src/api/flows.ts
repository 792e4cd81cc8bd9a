/** The calls of the flow editor. */
import { call } from './client'
import type { LocalText } from './types'

export type FlowNode = Record<string, unknown> & { step: string }

export interface Graph {
  start: string
  nodes: Record<string, FlowNode>
  [field: string]: unknown
}

export interface FlowView {
  flow_id: string
  title: LocalText
  published_version: number | null
  versions: { version: number; note: string; is_published: boolean }[]
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
export const saveGraph = (id: string, graph: Graph, note: string) =>
  call<{ version: number }>('POST', `/flows/${id}/versions`, { graph, note })
export const publishFlow = (id: string, version: number) => call<FlowView>('POST', `/flows/${id}/publish`, { version })
export const tryGraph = (step: { graph: Graph; medium: 'text' | 'voice'; language: string; state?: TrialState; input?: Record<string, unknown> }) =>
  call<Stepped>('POST', '/flow-trials', step)
