/** Calls about what the house writes first: bulk sends, templates, topics, who is not to be written to. */
import type { Carries } from '@/composables/carried'
import { call, withQuery } from './client'
import type { LocalText, Page } from './types'

export type CampaignState = 'draft' | 'scheduled' | 'running' | 'paused' | 'done' | 'cancelled'

export interface Audience {
  source: 'contacts' | 'topic' | 'file'
  tags?: string[]
  level_from?: number
  attributes?: Record<string, string>
  topic_id?: string
  media_id?: string
  columns?: Record<string, string>
}

export interface Plan {
  title: string
  instance: string
  template_id: string
  subject: string
  text: string
  per_minute: number
  audience: Audience
}

/** A line of the uploaded file that cannot be used. */
export interface LineFault {
  line: number
  code: string
  value?: string
}

export interface Campaign extends Plan {
  campaign_id: string
  channel: string
  state: CampaignState
  is_prepared: boolean
  start_at: string | null
  started_at: string | null
  ended_at: string | null
  author: string
  created_at: string
  faults: LineFault[]
  total: number
  counts: Record<string, number>
  quiet_until: string | null
}

export interface Sender {
  instance: string
  title: LocalText
  channel: string
  reaches_anyone: boolean
  settings?: Record<string, string>
  carries?: Carries | null
}

export interface Preview {
  recipients: number
  is_whole: boolean
  refused: number
  samples: { uri: string; text: string }[]
  unfilled: string[]
  literal: string[]
  faults: LineFault[]
}

export interface Recipient {
  recipient_id: string
  uri: string
  state: string
  code: string
  changed_at: string | null
}

export interface TemplateKind {
  kind_id: string
  title: LocalText
  is_reply?: boolean
  needs_approval?: boolean
  position?: number
  is_active?: boolean
}

export interface Template {
  template_id: string
  kind_id: string
  title: string
  text: string
  shortcut: string
  channels: string[]
  subject: string
  external_id: string
  approval: 'draft' | 'pending' | 'approved' | 'rejected'
  is_active: boolean
  variables: string[]
}

export interface Topic {
  topic_id: string
  title: LocalText
  keywords?: string[]
  is_active?: boolean
  subscribers?: number
}

export interface Refusal {
  uri: string
  reason: string
  source: string
  created_at: string
}

const one = (id: string, rest = '') => `/bulk/${id}${rest}`
const items = async <T>(path: string) => (await call<{ items: T[] }>('GET', path)).items

export const listCampaigns = () => call<{ items: Campaign[]; senders: Sender[] }>('GET', '/bulk')
export const getCampaign = (id: string) => call<Campaign>('GET', one(id))
export const saveCampaign = (plan: Plan, id = '') =>
  id ? call<Campaign>('PUT', one(id), plan) : call<Campaign>('POST', '/bulk', plan)
export const previewCampaign = (plan: Plan) => call<Preview>('POST', '/bulk/preview', plan)
export const testCampaign = (plan: Plan, to: string) => call<void>('POST', '/bulk/test', { plan, to })
export const readHeadings = async (mediaId: string) =>
  (await call<{ items: string[] }>('POST', '/bulk/headings', { media_id: mediaId })).items
export const startCampaign = (id: string, at: string | null = null) => call<Campaign>('POST', one(id, '/start'), { at })
export const pauseCampaign = (id: string) => call<Campaign>('POST', one(id, '/pause'))
export const cancelCampaign = (id: string) => call<Campaign>('POST', one(id, '/cancel'))
export const listRecipients = (id: string, state: string, cursor: number | null) =>
  call<{ items: Recipient[]; next_cursor: number | null }>('GET', withQuery(one(id, '/recipients'), { state, cursor }))
export const resultsUrl = (id: string) => `/api/v1${one(id, '/results.csv')}`

export const listKinds = () => items<TemplateKind>('/template-kinds')
export const saveKind = (kind: TemplateKind) => call<TemplateKind>('PUT', '/template-kinds', kind)
export const listTemplates = () => items<Template>('/templates')
export const saveTemplate = (template: Partial<Template>) => call<Template>('PUT', '/templates', template)
export const judgeTemplate = (id: string, approval: Template['approval']) =>
  call<Template>('PUT', `/templates/${id}/approval`, { approval })
export const listTopics = () => items<Topic>('/topics')
export const saveTopic = (topic: Topic) => call<Topic>('PUT', '/topics', topic)

export const listRefusals = (q: string, cursor: string | null) =>
  call<Page<Refusal>>('GET', withQuery('/do-not-contact', { q, cursor }))
export const addRefusal = (text: string, reason: string) => call<void>('POST', '/do-not-contact', { text, reason })
export const removeRefusal = (text: string) => call<void>('POST', '/do-not-contact/remove', { text })
export const importRefusals = (text: string, reason: string) =>
  call<{ added: number; known: number; faults: { line: number; fault: string }[] }>('POST', '/do-not-contact/import', { text, reason })

export const getOutreachSettings = () => call<Record<string, unknown>>('GET', '/outreach/settings')
export const saveOutreachSettings = (settings: Record<string, unknown>) =>
  call<Record<string, unknown>>('PUT', '/outreach/settings', settings)
