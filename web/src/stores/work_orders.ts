/** The open work orders of the contacts this browser shows: fetched when first needed, kept fresh by patches. */
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import { listOrders, type WorkOrderView } from '@/api/work_orders'

const MAX_KEPT = 50 // contacts

export const useWorkOrders = defineStore('work_orders', () => {
  const byContact = shallowReactive(new Map<string, WorkOrderView[]>())
  const asked = new Set<string>()
  const listeners = new Set<(orderId: string) => void>()

  /** Return the contact's open orders, newest first, as far as they are known; fetch them when none are. */
  function openOf(contactId: string): WorkOrderView[] | undefined {
    const known = byContact.get(contactId)
    if (!asked.has(contactId)) void load(contactId)
    return known
  }

  async function load(contactId: string): Promise<void> {
    asked.add(contactId)
    const found = await listOrders({ contact_id: contactId, state: 'unfinished' }).catch(() => null)
    if (!found) return // the next snapshot asks again
    byContact.set(contactId, found)
    if (byContact.size <= MAX_KEPT) return
    const oldest = byContact.keys().next().value!
    byContact.delete(oldest)
    asked.delete(oldest)
  }

  /** Take a patch: orders come whether or not anybody looks at them. */
  function patch(orderId: string, order: WorkOrderView | null): void {
    listeners.forEach((act) => act(orderId))
    for (const [contactId, orders] of byContact) {
      const rest = orders.filter((one) => one.order_id !== orderId)
      if (order?.contact_id === contactId && order.state !== 'closed') {
        byContact.set(contactId, [...rest, order].toSorted((a, b) => (a.order_id < b.order_id ? 1 : -1)))
      } else if (rest.length < orders.length) byContact.set(contactId, rest)
    }
  }

  /** Fetch everything again: after a snapshot, or a merge of contacts, nobody knows what was missed. */
  function reloadAll(): void {
    listeners.forEach((act) => act(''))
    for (const contactId of asked) void load(contactId)
  }

  /** Call `act` with each order that has changed, or with nothing when any may have, until the function returned is called. */
  function listen(act: (orderId: string) => void): () => void {
    listeners.add(act)
    return () => listeners.delete(act)
  }

  function forgetAll(): void {
    byContact.clear()
    asked.clear()
  }

  return { openOf, patch, reload: load, reloadAll, forgetAll, listen }
})
