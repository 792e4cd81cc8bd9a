import { expect, it } from 'vitest'

import { codePath, offeredCodes } from './wrap_up_codes'

const CODES = {
  answered: { title: {} },
  water: { title: {} },
  leak: { title: {}, parent: 'water', queue_ids: ['housing'] },
  dry: { title: {}, parent: 'water' },
}

it('offers no headings and no codes of other queues', () => {
  expect(offeredCodes(CODES, 'general')).toEqual(['answered', 'dry'])
  expect(offeredCodes(CODES, 'housing')).toEqual(['answered', 'leak', 'dry'])
})

it('tells what stands above a code, however the tree is knotted', () => {
  expect(codePath(CODES, 'leak')).toEqual(['water', 'leak'])
  expect(codePath(CODES, 'gone')).toEqual(['gone'])
  expect(codePath({ a: { title: {}, parent: 'b' }, b: { title: {}, parent: 'a' } }, 'a')).toEqual(['b', 'a'])
})
