/** Calls on the outside systems that flows ask. */
import type { Schema } from './admin'
import { call } from './client'

type Settings = Record<string, unknown>

export interface Connector {
  connector_id: string
  /** What it cannot be asked without. */
  parameters: string[]
  settings: Settings
}

export interface LookupTrial {
  status: 'found' | 'missing' | 'failed'
  values?: Record<string, string>
  reason?: string
}

export const listConnectors = () => call<{ items: Connector[]; form: Schema }>('GET', '/connectors')

const at = (id: string) => `/connectors/${encodeURIComponent(id)}`

export const saveConnector = (id: string, settings: Settings) => call<Connector>('PUT', at(id), { settings })

export const deleteConnector = (id: string) => call('DELETE', at(id))

export const tryConnector = (id: string, settings: Settings, params: Record<string, string>) =>
  call<LookupTrial>('POST', `${at(id)}/trials`, { settings, params })
