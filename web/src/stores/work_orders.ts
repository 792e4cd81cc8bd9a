/** The open work orders of the contacts this browser shows: fetched when first needed, kept fresh by patches. */
import { defineStore } from 'pinia'
import { ref, shallowReactive } from 'vue'

import { listOrders, type WorkOrderView } from '@/api/work_orders'

const MAX_KEPT = 50 // contacts

export const useWorkOrders = defineStore('work_orders', () => {
  const byContact = shallowReactive(new Map<string, WorkOrderView[]>())
  /** How many changes of any order have come: lists that the hub sorts and filters are fetched anew. */
  const changes = ref(0)

  /** Return the contact's open orders, newest first, as far as they are known; fetch them when none are. */
  function openOf(contactId: string): WorkOrderView[] | undefined {
    const known = byContact.get(contactId)
    if (!known) void load(contactId)
    return known
  }

  async function load(contactId: string): Promise<void> {
    const found = await listOrders({ contact_id: contactId, state: 'unfinished' }).catch(() => [])
    byContact.set(contactId, found)
    if (byContact.size > MAX_KEPT) byContact.delete(byContact.keys().next().value!)
  }

  /** Take a patch: orders come whether or not anybody looks at them. */
  function patch(orderId: string, order: WorkOrderView | null): void {
    changes.value += 1
    for (const [contactId, orders] of byContact) {
      const rest = orders.filter((one) => one.order_id !== orderId)
      if (order?.contact_id === contactId && order.state !== 'closed') {
        byContact.set(contactId, [...rest, order].toSorted((a, b) => (a.order_id < b.order_id ? 1 : -1)))
      } else if (rest.length < orders.length) byContact.set(contactId, rest)
    }
  }

  /** Fetch everything again: after a snapshot, or a merge of contacts, nobody knows what was missed. */
  function reloadAll(): void {
    changes.value += 1
    for (const contactId of byContact.keys()) void load(contactId)
  }

  return { openOf, patch, reload: load, reloadAll, forgetAll: () => byContact.clear(), changes }
})
