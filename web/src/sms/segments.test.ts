import { expect, test } from 'vitest'

import vectors from './segments.json'
import { segmentsOf } from './segments'

test.each(vectors)('$name', (vector) => {
  const text = vector.text ?? String(vector.repeat![0]).repeat(Number(vector.repeat![1]))
  const { encoding, parts, left } = vector
  expect(segmentsOf(text)).toEqual({ encoding, parts, left })
})
