import { expect, test } from 'vitest'

import { layOut } from './layout'

test('steps stand in columns by their distance from the start, circles included', () => {
  const { placed, ways } = layOut({
    start: 'a',
    nodes: {
      a: { step: 'menu', choices: [{ key: '1', goto: 'b' }, { key: '2', goto: 'c' }] },
      b: { step: 'say', goto: 'a' },
      c: { step: 'end' },
      alone: { step: 'say', goto: 'nowhere' },
    },
  })
  expect(placed.get('a')!.x).toBeLessThan(placed.get('b')!.x)
  expect(placed.get('b')!.x).toBe(placed.get('c')!.x)
  expect(placed.get('b')!.y).not.toBe(placed.get('c')!.y)
  expect(placed.has('alone')).toBe(true)
  expect(ways.map((way) => `${way.from}${way.label}${way.to}`)).toEqual(['a1b', 'a2c', 'ba'])
})
