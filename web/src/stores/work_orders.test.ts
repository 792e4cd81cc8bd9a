import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { computed } from 'vue'

import type { WorkOrderView } from '@/api/work_orders'

import { useWorkOrders } from './work_orders'

let asked: { answer: (orders: Partial<WorkOrderView>[]) => void; fail: () => void }[] = []
const settled = () => new Promise((done) => setTimeout(done))

beforeEach(() => {
  asked = []
  setActivePinia(createPinia())
  vi.stubGlobal('fetch', () => {
    return new Promise<Response>((done, reject) =>
      asked.push({ answer: (items) => done(Response.json({ items })), fail: () => reject(new TypeError('offline')) }),
    )
  })
})
afterEach(() => vi.unstubAllGlobals())

it('says what could not be fetched, and fetches it when asked again', async () => {
  const store = useWorkOrders()
  const shown = computed(() => store.openOf('c1'))
  expect(shown.value).toBeUndefined()
  asked[0].fail()
  await settled()
  expect([shown.value, asked.length]).toEqual([null, 1])
  void store.reload('c1')
  asked[1].answer([{ order_id: 'o1' }])
  await settled()
  expect(shown.value).toEqual([{ order_id: 'o1' }])
})

it('asks after a snapshot only for what is shown, and shows the newest answer', async () => {
  const store = useWorkOrders()
  const shown = computed(() => store.openOf('c1'))
  expect([shown.value, store.openOf('c2')]).toEqual([undefined, undefined])
  store.reloadAll()
  expect([shown.value, asked.length]).toEqual([undefined, 3])
  asked[2].answer([{ order_id: 'new' }])
  await settled()
  asked[0].answer([{ order_id: 'old' }])
  await settled()
  expect(shown.value).toEqual([{ order_id: 'new' }])
})
