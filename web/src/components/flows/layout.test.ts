import { expect, test } from 'vitest'

import { waysOf } from './graph'
import { heightOf, layOut } from './layout'

const graph = {
  start: 'a',
  nodes: {
    a: { step: 'menu', choices: [{ key: '1', goto: 'b' }, { key: '2', goto: 'c' }] },
    b: { step: 'say', goto: 'a' },
    c: { step: 'end' },
    alone: { step: 'say', goto: 'nowhere' },
  },
}
const schema = { properties: { goto: { 'x-ref': 'node' } }, required: ['goto'] }
const ways = (id: keyof typeof graph.nodes) => waysOf(graph.nodes[id], id === 'a' || id === 'c' ? undefined : schema)

test('steps stand in columns by their distance from the start, circles and lone steps included', () => {
  const places = layOut(graph, (id) => ways(id as keyof typeof graph.nodes))
  expect(places.a[0]).toBeLessThan(places.b[0])
  expect(places.b[0]).toBe(places.c[0])
  expect(places.c[1] - places.b[1]).toBeGreaterThan(heightOf(ways('b')))
  expect(places.alone).toBeDefined()
})
