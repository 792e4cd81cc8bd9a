/** Scoring, by name. */
import { call, withQuery } from './client'
import type { Words } from './service_rules'

export interface SheetItem {
  item_id: string
  title: Words
  guide?: Words
  points: number
  is_fatal: boolean
  may_not_apply: boolean
  rule_ids: string[]
}

export interface ScoreSheet {
  title: Words
  sections: { title: Words; items: SheetItem[] }[]
  pass_mark: number
  is_active: boolean
}

/** How much of an item's points is given; null when it does not apply. */
export interface Answer {
  share: number | null
  note?: string
}

export type Answers = Record<string, Answer>

export interface Reason {
  why: string
  lot?: number
  rule_id?: string
  rating?: number
}

export interface CaseView {
  case_id: string
  conversation_id: string
  agent_id: string
  queue_id?: string
  channel: string
  plan_id?: string
  day: string
  reasons?: Reason[]
  sheet_id: string
  state: 'open' | 'differing' | 'done' | 'appealed'
  score?: number
  is_fatal?: boolean
  is_passed?: boolean
  ended_at: string
}

export interface ReviewView {
  review_id: string
  case_id: string
  reviewer_id: string
  state: 'assigned' | 'submitted'
  answers?: Answers
  remark?: string
  score?: number
  is_fatal?: boolean
}

export interface Assignment {
  review: ReviewView
  case: CaseView
  sheet: ScoreSheet
}

export interface FullCase {
  case: CaseView
  sheet: ScoreSheet
  answers?: Answers
  remark?: string
  reviews?: ReviewView[]
  differences?: { item_id: string; shares: (number | null)[] }[]
}

export interface AppealView {
  appeal_id: string
  case: CaseView
  reason: string
  state: 'open' | 'upheld' | 'rejected'
  decision?: string
  score_before?: number
  created_at: string
}

export interface OwnResult {
  case: CaseView
  sheet: ScoreSheet
  answers?: Answers
  remark?: string
  appeal?: AppealView
  may_appeal?: boolean
}

export interface ResultLine {
  group_id: string
  day: string
  scored: number
  mean: number | null
  passed: number
  fatal: number
  appealed: number
  upheld: number
  checked: number
  findings: number
  kept: number | null
  sourced: number | null
}

export interface Results {
  lines: ResultLine[]
  totals: ResultLine[]
  rules: { group_id: string; rule_id: string; count: number }[]
}

export interface ResultsQuery {
  begin: string
  end: string
  by: string
  per: string
}

export interface SheetView {
  sheet_id: string
  version: number
  sheet: ScoreSheet
}

export interface PlanView {
  plan_id: string
  version: number
  plan: { title: Words; is_active: boolean }
}

type Items<T> = Promise<T[]>
const items = async <T>(answer: Promise<{ items: T[] }>): Items<T> => (await answer).items

export const listSheets = () => items(call<{ items: SheetView[] }>('GET', '/score-sheets'))
export const saveSheet = (id: string, sheet: unknown) => call<SheetView>('PUT', `/score-sheets/${id}`, sheet)
export const listPlans = () => items(call<{ items: PlanView[] }>('GET', '/sampling-plans'))
export const savePlan = (id: string, plan: unknown) => call<PlanView>('PUT', `/sampling-plans/${id}`, plan)
export const drawDay = (id: string, day: string) => items(call<{ items: CaseView[] }>('POST', `/sampling-plans/${id}/draws`, { day }))

export const listReviews = (isSubmitted: boolean, limit: number, offset: number) =>
  items(call<{ items: Assignment[] }>('GET', withQuery('/reviews', { is_submitted: String(isSubmitted), limit, offset })))
export const getReview = (id: string) => call<Assignment>('GET', `/reviews/${id}`)
export const saveReview = (id: string, answers: Answers, remark: string, isFinal: boolean) =>
  call<Assignment>('PUT', `/reviews/${id}`, { answers, remark, is_final: isFinal })

export const listOwnResults = (limit: number, offset: number) => items(call<{ items: CaseView[] }>('GET', withQuery('/me/results', { limit, offset })))
export const getOwnResult = (id: string) => call<OwnResult>('GET', `/me/results/${id}`)
export const makeAppeal = (id: string, reason: string) => call<OwnResult>('POST', `/me/results/${id}/appeal`, { reason })

export const listCases = (filter: Record<string, string>, limit: number, offset: number) =>
  items(call<{ items: CaseView[] }>('GET', withQuery('/quality-cases', { ...filter, limit, offset })))
export const getCase = (id: string) => call<FullCase>('GET', `/quality-cases/${id}`)
export const settleCase = (id: string, answers: Answers, remark: string) =>
  call<FullCase>('POST', `/quality-cases/${id}/settlement`, { answers, remark })
export const listAppeals = (isOpen: boolean, limit: number, offset: number) =>
  items(call<{ items: AppealView[] }>('GET', withQuery('/appeals', { is_open: String(isOpen), limit, offset })))
export const decideAppeal = (id: string, decision: string, answers: Answers | null) =>
  call<AppealView>('POST', `/appeals/${id}/decision`, { decision, answers })
/** Return where a file of scores is, in the words of `language`. */
export const caseFileUrl = (id: string, language: string) => withQuery(`/api/v1/quality-cases/${id}/file`, { language })
export const casesFileUrl = (filter: Record<string, string>, format: 'xlsx' | 'csv', language: string) =>
  withQuery('/api/v1/quality-files/cases', { ...filter, format, language })
export const resultsFileUrl = (query: ResultsQuery, format: 'xlsx' | 'csv', language: string) =>
  withQuery('/api/v1/quality-files/results', { ...query, format, language })

export const getResults = (query: ResultsQuery) => call<Results>('GET', withQuery('/quality-results', { ...query }))
