import { expect, it } from 'vitest'

import { PAGE, usePaged } from './paged'

/** A list whose pages arrive when the test says so. */
function list() {
  const asked: { last: number | undefined; answer: (page: number[]) => void; fail: () => void }[] = []
  const paged = usePaged<number>((last) => new Promise((answer, reject) => asked.push({ last, answer, fail: () => reject(new Error('gone')) })))
  return { asked, paged }
}

const settled = () => new Promise((done) => setTimeout(done))
const FULL = Array.from({ length: PAGE }, (_, index) => index)

it('grows by the page after its last item', async () => {
  const { asked, paged } = list()
  asked[0].answer(FULL)
  await settled()
  void paged.more()
  void paged.more() // pressed twice
  expect(asked.map((one) => one.last)).toEqual([undefined, PAGE - 1])
  asked[1].answer([PAGE])
  await settled()
  expect([paged.items.value.length, paged.hasMore.value, paged.isBusy.value]).toEqual([PAGE + 1, false, false])
})

it('fetches again as many as it shows', async () => {
  const { asked, paged } = list()
  asked[0].answer(FULL)
  await settled()
  void paged.more()
  asked[1].answer([PAGE])
  await settled()
  void paged.refresh()
  asked[2].answer(FULL.map((one) => one + 1))
  await settled()
  expect([asked[3].last, paged.items.value.length]).toEqual([PAGE, PAGE + 1])
  asked[3].answer([PAGE + 1])
  await settled()
  expect([paged.items.value.at(0), paged.items.value.at(-1), paged.hasMore.value]).toEqual([1, PAGE + 1, false])
})

it.each([
  ['comes first', [1, 2]],
  ['comes last', [2, 1]],
])('shows the newest filter, also when the answer of an earlier one %s', async (_, order) => {
  const { asked, paged } = list()
  void paged.reload()
  void paged.reload()
  for (const turn of order) {
    asked[turn].answer([turn])
    await settled()
  }
  expect([paged.items.value, paged.isBusy.value]).toEqual([[2], false])
  asked[0].fail()
  await settled()
  expect(paged.items.value).toEqual([2])
})
