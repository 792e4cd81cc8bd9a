/** Hard questions put to experts, and what citizens bring up. */
import { call, withQuery } from './client'
import type { ArticleLevel } from './knowledge'

export type ExpertState = 'open' | 'settled' | 'declined'

export interface ExpertQuestion {
  question_id: string
  question: string
  state: ExpertState
  details?: string
  department_id?: string
  answer?: string
  article_id?: string | null
  created_at: string
  ended_by?: string
  ended_at?: string | null
  askers?: { user_id: string; user_name: string; conversation_id?: string | null; asked_at: string }[]
  opinions?: { author_name: string; text: string; created_at: string }[]
}

/** A question as those who ask see it; without an answer that is not theirs to read. */
export type AskedQuestion = Omit<ExpertQuestion, 'details' | 'department_id' | 'askers' | 'opinions'> & { opinion_count?: number }

export interface Settlement {
  answer: string
  title: string
  level: ArticleLevel
  owner: string
  is_published: boolean
}

const ofConversation = (id: string) => `/conversations/${id}/expert-questions`
const one = (id: string, rest: string) => `/expert-questions/${id}/${rest}`

export const expertQuestionsOf = (conversationId: string) =>
  call<{ items: AskedQuestion[] }>('GET', ofConversation(conversationId))
export const askExperts = (conversationId: string, asked: { question: string; details: string; department_id: string }) =>
  call<AskedQuestion>('POST', ofConversation(conversationId), asked)

/** How many questions a full page has. */
export const PAGE = 100

export const listExpertQuestions = (state: ExpertState, offset: number) =>
  call<{ items: ExpertQuestion[] }>('GET', withQuery('/expert-questions', { state, offset, limit: PAGE }))
export const addOpinion = (id: string, text: string) => call<ExpertQuestion>('POST', one(id, 'opinions'), { text })
export const passOn = (id: string, departmentId: string) =>
  call<ExpertQuestion>('PUT', one(id, 'department'), { department_id: departmentId })
export const settleQuestion = (id: string, settlement: Settlement) =>
  call<ExpertQuestion>('PUT', one(id, 'answer'), settlement)
export const declineQuestion = (id: string, reason: string) => call<ExpertQuestion>('PUT', one(id, 'refusal'), { reason })

export interface PeriodLine {
  day: string
  conversations: number
  complaints: number
  rated: number
  low: number
}

export interface TopicLine {
  key: string
  title?: string
  count: number
  before: number
}

export interface HotTopics {
  periods: PeriodLine[]
  before: PeriodLine
  codes: TopicLine[]
  complaint_codes: TopicLine[]
  words: TopicLine[]
  articles: TopicLine[]
  unanswered: { question: string; asked: number }[]
}

export const hotTopics = (query: { begin: string; end: string; per: string }) =>
  call<HotTopics>('GET', withQuery('/hot-topics', query))
