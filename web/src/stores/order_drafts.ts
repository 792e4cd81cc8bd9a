/** What was begun about work orders and is not sent: kept in this browser, by conversation and by order. */
import { defineStore } from 'pinia'
import { watch } from 'vue'

import type { OrderFields } from '@/api/work_orders'
import { useSession } from '@/stores/session'

export interface NewOrderDraft {
  clientId: string
  fields: OrderFields
  answer: string
}

export const useOrderDrafts = defineStore('order_drafts', () => {
  const session = useSession()
  const orders = new Map<string, NewOrderDraft>() // by conversation
  const answers = new Map<string, string>() // by order

  watch(
    () => session.me?.user_id,
    () => {
      orders.clear() // the next one at this desk is somebody else
      answers.clear()
    },
    { flush: 'sync' },
  )
  return { orders, answers }
})
