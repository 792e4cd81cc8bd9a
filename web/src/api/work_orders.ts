/** Work orders, by name. */
import { call, withQuery } from './client'
import type { Page } from './types'

export const KINDS = ['consultation', 'affairs', 'complaint', 'suggestion', 'opinion', 'emergency', 'help', 'report'] as const
export const STATES = ['open', 'assigned', 'answered', 'closed'] as const
export const OUTCOMES = ['satisfied', 'fair', 'dissatisfied', 'not_reached'] as const
export const VIEWS = ['mine', 'department', 'all'] as const

/** What the hub puts in place of a number's middle for who may not see it; it takes no number with it. */
export const MASK = '****'

export interface WorkOrderView {
  order_id: string
  number: string
  version: number
  kind: (typeof KINDS)[number]
  state: (typeof STATES)[number]
  name: string
  address: string
  contact_details: string
  content: string
  department_id?: string
  contact_id: string
  conversation_id?: string
  created_by: string
  creator_name?: string
  created_at: string
  due_at?: string
  answer?: string
  answered_at?: string
  outcome?: (typeof OUTCOMES)[number]
  closed_at?: string
  urged?: number
  reopened?: number
}

export interface OrderStep {
  step_id: string
  kind: string
  by_id?: string
  by_name?: string
  text?: string
  edited?: string[]
  department_id?: string
  at: string
}

export interface FullOrder {
  order: WorkOrderView
  steps: OrderStep[]
  may_open_conversation?: boolean
  recordings?: { media_id: string; started_at: string; length_s: number }[]
}

export interface OrdersQuery {
  view?: (typeof VIEWS)[number]
  state?: string
  kind?: string
  contact_id?: string
  is_overdue?: 'true' | ''
  words?: string
  before?: string
  limit?: number
}

/** What one says of a citizen's matter; the hub names every field that is missing. */
export type OrderFields = Pick<WorkOrderView, 'kind' | 'name' | 'address' | 'contact_details' | 'content'> & { department_id: string }

export type NewOrder = OrderFields & { client_id: string; conversation_id?: string; contact_id?: string; answer: string }

const order = (id: string, rest = '') => `/work-orders/${id}${rest}`

export const listOrders = async (query: OrdersQuery) =>
  (await call<Page<WorkOrderView>>('GET', withQuery('/work-orders', { ...query }))).items

export interface OrderFigures {
  waiting: number
  overdue: number
  answered: number
}

export const countOrders = () => call<OrderFigures>('GET', '/work-orders/figures')

export const getOrder = (id: string) => call<FullOrder>('GET', order(id))

export const createOrder = (wanted: NewOrder) => call<WorkOrderView>('POST', '/work-orders', wanted, { key: wanted.client_id })

export const editOrder = (id: string, version: number, change: Partial<OrderFields>) =>
  call<WorkOrderView>('PATCH', order(id), { version, ...change })

export const sayOfOrder = (id: string, deed: 'answer' | 'urge' | 'reopen', version: number, text: string) =>
  call<WorkOrderView>('POST', order(id, `/${deed}`), { version, text })

export const closeOrder = (id: string, version: number, outcome: string, text: string) =>
  call<WorkOrderView>('POST', order(id, '/close'), { version, outcome, text })

/** Return where the orders that `query` finds are as a file. */
export const ordersFileUrl = (query: OrdersQuery, format: string, language: string) =>
  `/api/v1${withQuery('/work-order-files', { ...query, format, language })}`

export const getOrderSettings = () => call<Record<string, unknown>>('GET', '/work-order-settings')
export const saveOrderSettings = (settings: unknown) => call<Record<string, unknown>>('PUT', '/work-order-settings', settings)
