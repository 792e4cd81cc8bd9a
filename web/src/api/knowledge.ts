/** The calls of the knowledge base, by name. */
import { call, withQuery } from './client'

export const KINDS = ['policy', 'law', 'procedure', 'faq', 'guide', 'referral', 'form', 'list'] as const
export const LEVELS = ['public', 'internal', 'restricted'] as const

export type ArticleKind = (typeof KINDS)[number]
export type ArticleLevel = (typeof LEVELS)[number]
export type ArticleState = 'draft' | 'in_review' | 'published' | 'retired'

export interface ArticleRow {
  article_id: string
  title: string
  state: ArticleState
  kind: ArticleKind
  level: ArticleLevel
  newest_version: number
  published_version?: number | null
  category_id?: string
  code?: string
  region?: string
  owner?: string
  valid_from?: string | null
  valid_to?: string | null
  opened?: number
  accepted?: number
  ignored?: number
  helpful?: number
  unhelpful?: number
  updated_at: string
}

export interface ArticleFile {
  media_id: string
  name?: string
}

export interface ArticleContent {
  title: string
  body: string
  kind: ArticleKind
  category_id: string
  code: string
  keywords: string[]
  synonyms: string[]
  region: string
  level: ArticleLevel
  owner: string
  valid_from: string | null
  valid_to: string | null
  variant_of: string
  attachments: ArticleFile[]
  template_ids: string[]
}

/** A template that an article names, its variables not filled in. */
export interface LinkedTemplate {
  template_id: string
  title: string
  text: string
}

/** What of an article can be sent in a conversation; `page` leads to its public page. */
export interface ArticleTexts {
  title: string
  text: string
  page: string
  templates: LinkedTemplate[]
}

export interface VersionView {
  version: number
  note?: string
  author_name?: string
  created_at: string
  publisher_name?: string
  published_at?: string | null
}

export interface ArticleFull {
  row: ArticleRow
  version: number
  content: ArticleContent
  versions?: VersionView[]
  variants?: { article_id: string; title: string; region?: string; level: ArticleLevel }[]
  templates?: LinkedTemplate[]
  variant_of_title?: string
  /** Why nothing is found in some of its files, by media id; only editors are told. */
  file_problems?: Record<string, string>
}

export interface Part {
  text: string
  is_hit?: boolean
}

export interface FoundArticle {
  article: ArticleRow
  title: Part[]
  snippet: Part[]
  reason: 'code' | 'key' | 'title' | 'text' | 'sound' | 'pinyin' | 'file'
  score: number
  confidence: number
  /** The file it was found in, and `snippet` is from. */
  file?: ArticleFile | null
}

export interface FoundArticles {
  items: FoundArticle[]
  facets?: Record<string, Record<string, number>>
  has_more?: boolean
  is_degraded?: boolean
}

export interface Suggestions {
  entry_id: string
  question: string
  items: { found: FoundArticle; text: string }[]
}

export interface CategoryView {
  category_id: string
  title: Record<string, string>
  parent_id?: string | null
  position?: number
  articles?: number
}

export interface CommentView {
  comment_id: string
  article_id: string
  title?: string
  version: number
  kind: 'remark' | 'error' | 'returned'
  text: string
  author_name?: string
  created_at: string
  resolved_by?: string
}

export interface UnansweredView {
  unanswered_id: string
  question: string
  source: string
  asked: number
  last_at: string
}

export interface Difference {
  fields: { field: string; before: string; after: string }[]
  lines: { kind: 'same' | 'gone' | 'new'; text: string }[]
}

export interface SearchQuery {
  q: string
  kind?: string
  category_id?: string
  region?: string
  offset?: number
}

export type UseAction = 'opened' | 'inserted' | 'sent' | 'ignored' | 'helpful' | 'unhelpful'

const article = (id: string, rest = '') => `/knowledge/articles/${id}${rest}`

export const searchArticles = (query: SearchQuery) =>
  call<FoundArticles>('GET', withQuery('/knowledge/search', { ...query }))
export const suggestionsFor = (conversationId: string) =>
  call<Suggestions>('GET', `/conversations/${conversationId}/suggestions`)
export const listCategories = () => call<{ items: CategoryView[] }>('GET', '/knowledge/categories')
export const getArticle = (id: string, version?: number) =>
  call<ArticleFull>('GET', withQuery(article(id), { version }))
export const differences = (id: string, query: { before?: number; after?: number; other?: string }) =>
  call<Difference>('GET', withQuery(article(id, '/differences'), query))
export const articleTexts = (conversationId: string, id: string) =>
  call<ArticleTexts>('GET', `/conversations/${conversationId}/articles/${id}`)
export const fileUrl = (id: string, version: number, { media_id }: ArticleFile) =>
  withQuery(`/api/v1${article(id, `/files/${media_id}`)}`, { version })
export const spokenLines = (id: string, version: number) =>
  call<{ lines: string[]; is_voice: boolean }>('GET', withQuery(article(id, '/lines'), { version }))
export const soundUrl = (id: string, version: number, line: number) =>
  withQuery(`/api/v1${article(id, `/sounds/${line}`)}`, { version })
export const articleComments = (id: string) => call<{ items: CommentView[] }>('GET', article(id, '/comments'))
export const commentArticle = (id: string, text: string, isError: boolean) =>
  call<CommentView>('POST', article(id, '/comments'), { text, is_error: isError })
export const noteUse = (id: string, action: UseAction, conversationId = '') =>
  call<void>('POST', article(id, '/uses'), { action, conversation_id: conversationId })
export const reportUnanswered = (question: string) => call<void>('POST', '/knowledge/unanswered', { question })

// editors

export interface ArticlePage {
  items: ArticleRow[]
  has_more: boolean
}

export const listArticles = (query: { view: string; q?: string; category_id?: string; offset?: number }) =>
  call<ArticlePage>('GET', withQuery('/knowledge/articles', query))
export const listLinkedTemplates = async () =>
  (await call<{ items: LinkedTemplate[] }>('GET', '/knowledge/templates')).items
export const makeArticle = (content: ArticleContent, note: string) =>
  call<ArticleFull>('POST', '/knowledge/articles', { content, note })
export const saveArticle = (id: string, content: ArticleContent, base: number, note: string) =>
  call<ArticleFull>('POST', article(id, '/versions'), { content, base, note })
export const moveArticle = (id: string, step: 'submit' | 'publish' | 'retire') =>
  call<unknown>('POST', article(id, `/${step}`))
export const returnArticle = (id: string, reason: string) => call<ArticleRow>('POST', article(id, '/return'), { reason })
export const saveCategory = (id: string, edit: { title: Record<string, string>; parent_id: string; position: number }) =>
  call<CategoryView>('PUT', `/knowledge/categories/${id}`, edit)
export const deleteCategory = (id: string) => call<void>('DELETE', `/knowledge/categories/${id}`)
export const openComments = () => call<{ items: CommentView[] }>('GET', '/knowledge/comments')
export const resolveComment = (id: string) => call<CommentView>('POST', `/knowledge/comments/${id}/resolve`)
export const listUnanswered = () => call<{ items: UnansweredView[] }>('GET', '/knowledge/unanswered')
export const closeUnanswered = (id: string) => call<void>('POST', `/knowledge/unanswered/${id}/close`)
export const listSynonyms = () => call<{ groups: string[][] }>('GET', '/knowledge/synonyms')
export const saveSynonyms = (groups: string[][]) => call<{ groups: string[][] }>('PUT', '/knowledge/synonyms', { groups })

export interface ImportedArticle {
  source: string
  content: ArticleContent | null
  problem: string
}

export const previewImport = (files: { media_id: string; path: string }[], categoryId: string) =>
  call<{ items: ImportedArticle[] }>('POST', '/knowledge/imports/preview', { files, category_id: categoryId })

export const STARTERS = ['callers', 'phrases', 'departments', 'everyday'] as const
export type Starter = (typeof STARTERS)[number]

/** Return articles that a new service may begin with: kinds of callers, departments and their numbers, everyday services. */
export const previewStarter = (name: Starter) =>
  call<{ items: ImportedArticle[] }>('GET', withQuery('/knowledge/imports/starter', { name }))
/** Make the categories that a starter's articles stand in, where they are missing. */
export const makeStarterCategories = (name: Starter) => call<void>('POST', '/knowledge/imports/starter/categories', { name })

/** Return an article nobody has written yet. */
export function blankContent(): ArticleContent {
  return {
    title: '',
    body: '',
    kind: 'faq',
    category_id: '',
    code: '',
    keywords: [],
    synonyms: [],
    region: '',
    level: 'internal',
    owner: '',
    valid_from: null,
    valid_to: null,
    variant_of: '',
    attachments: [],
    template_ids: [],
  }
}
