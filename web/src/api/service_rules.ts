/** Service rules and what is found by them, by name. */
import { call } from './client'

export type Severity = 'info' | 'minor' | 'major'
export type Words = Record<string, string>

export interface Rule {
  title: Words
  measure: string
  phrases: string[]
  unless: string[]
  examples: string[]
  counterexamples: string[]
  speaker: 'agent' | 'contact'
  moment: string
  medium: string
  direction: string
  limit: number
  least: number
  severity: Severity
  hint: Words
  is_hinted: boolean
  queue_ids: string[]
  channels: string[]
  position: number
  is_active: boolean
}

export interface RuleView {
  rule_id: string
  version: number
  rule: Rule
  is_default: boolean
  has_default: boolean
}

export interface Hit {
  rule_id: string
  title: Words
  severity: Severity
  is_expected: boolean
  quote: string
  hint: Words
}

export interface FindingView {
  finding_id: string
  rule_id: string
  title: Words
  measure: string
  severity: Severity
  speaker: 'agent' | 'contact'
  agent_id?: string
  at: string
  offset_s?: number
  quote?: string
  value?: number
  limit?: number
}

const one = (id: string) => `/service-rules/${encodeURIComponent(id)}`

export const listRules = async () => (await call<{ items: RuleView[] }>('GET', '/service-rules')).items
export const saveRule = (id: string, rule: Rule) => call<RuleView>('PUT', one(id), rule)
export const restoreRule = (id: string) => call<RuleView>('POST', `${one(id)}/restore`)
export const tryRules = async (text: string, rule?: Rule) =>
  (await call<{ items: Hit[] }>('POST', '/service-rule-trials', { text, rule })).items
export const hintsOn = async (conversationId: string, text: string) =>
  (await call<{ items: Hit[] }>('POST', `/conversations/${conversationId}/hints`, { text })).items
export const listFindings = async (conversationId: string) =>
  (await call<{ items: FindingView[] }>('GET', `/conversations/${conversationId}/findings`)).items
