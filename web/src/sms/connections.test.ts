import { expect, test } from 'vitest'

import connections from './connections.json'
import { segmentsSent } from './cost'
import type { Cutting } from './segments'

test.each(connections)('$name: the desk counts what is sent', ({ settings, carries, texts }) => {
  for (const [repeated, times, encoding, parts, left] of texts) {
    const text = String(repeated).repeat(Number(times))
    expect(segmentsSent(settings, carries as Cutting, text), text).toEqual({ encoding, parts, left })
  }
})
