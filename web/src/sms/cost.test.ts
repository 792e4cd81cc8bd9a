import { expect, test } from 'vitest'

import { estimatedSegments, priceOf, segmentsSent } from './cost'

test('the signature counts, and may turn the whole text into another alphabet', () => {
  expect(segmentsSent({}, undefined, 'a'.repeat(100)).parts).toBe(1)
  expect(segmentsSent({ sms_signature: '【便民热线】' }, undefined, 'a'.repeat(100))).toMatchObject({ encoding: 'ucs2', parts: 2 })
})

test('a price keeps its fractions of a cent, and is shown in its currency', () => {
  expect(priceOf({ price_per_segment: '0.045' }, 3)).toBe('¥0.135')
  expect(priceOf({ price_per_segment: '0.1', currency: 'EUR' }, 3)).toBe('€0.30')
  expect(priceOf({ price_per_segment: '0' }, 3)).toBe('¥0.00')
})

test('without a price nothing is claimed', () => {
  expect(priceOf({ price_per_segment: '' }, 3)).toBe('')
  expect(priceOf({ currency: 'EUR' }, 3)).toBe('')
})

test('a bulk send is estimated from its samples', () => {
  const samples = ['您'.repeat(70), '您'.repeat(71)]
  expect(estimatedSegments({}, undefined, samples, 101)).toBe(152)
  expect(estimatedSegments({}, undefined, [], 0)).toBe(0)
})
