import { expect, it } from 'vitest'

import { levelsOf } from './waveform'

it('shows the loudest of each stretch over both channels, the top filled', () => {
  const citizen = Float32Array.from([0, 0.1, 0, 0, 0, 0, 0, 0])
  const agent = Float32Array.from([0, 0, 0, 0, 0.4, -0.2, 0, 0])
  expect(levelsOf([citizen, agent], 4).map((level) => Number(level.toFixed(2)))).toEqual([0.25, 0, 1, 0])
})

it('leaves silence flat and takes recordings shorter than the drawing', () => {
  expect(Math.max(...levelsOf([new Float32Array(3)], 10))).toBe(0)
  expect(levelsOf([], 3)).toEqual([0, 0, 0])
})
