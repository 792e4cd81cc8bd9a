/** The open work orders of the contacts this browser shows: fetched when first needed, kept fresh by patches. */
import { defineStore } from 'pinia'
import { ref, shallowReactive } from 'vue'

import { listOrders, type WorkOrderView } from '@/api/work_orders'

const MAX_KEPT = 50 // contacts

export const useWorkOrders = defineStore('work_orders', () => {
  const byContact = shallowReactive(new Map<string, WorkOrderView[] | null>())
  const asked = new Map<string, number>()
  const round = ref(0) // grows when what is shown has to be asked for again
  let turn = 0
  const listeners = new Set<(orderId: string) => void>()

  /** Return the contact's open orders, newest first: undefined until they are fetched, null when they could not be. */
  function openOf(contactId: string): WorkOrderView[] | null | undefined {
    void round.value
    if (!asked.has(contactId)) void load(contactId)
    return byContact.get(contactId)
  }

  async function load(contactId: string): Promise<void> {
    const mine = ++turn
    asked.set(contactId, mine)
    const found = await listOrders({ contact_id: contactId, state: 'unfinished' }).catch(() => null)
    if (asked.get(contactId) !== mine) return
    byContact.set(contactId, found ?? byContact.get(contactId) ?? null)
    if (byContact.size <= MAX_KEPT) return
    const oldest = byContact.keys().next().value!
    byContact.delete(oldest)
    asked.delete(oldest)
  }

  /** Take a patch: orders come whether or not anybody looks at them. */
  function patch(orderId: string, order: WorkOrderView | null): void {
    listeners.forEach((act) => act(orderId))
    for (const [contactId, orders] of byContact) {
      if (!orders) continue
      const rest = orders.filter((one) => one.order_id !== orderId)
      if (order?.contact_id === contactId && order.state !== 'closed') {
        byContact.set(contactId, [...rest, order].toSorted((a, b) => (a.order_id < b.order_id ? 1 : -1)))
      } else if (rest.length < orders.length) byContact.set(contactId, rest)
    }
  }

  /** Let what is shown be fetched again: after a snapshot nobody knows what was missed. */
  function reloadAll(): void {
    forgetAll()
    round.value++
    listeners.forEach((act) => act(''))
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
