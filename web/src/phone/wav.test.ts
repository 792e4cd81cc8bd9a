import { expect, test } from 'vitest'

import { encodeWav } from './wav'

test('samples become 16-bit PCM behind a header that says so; what is too loud is cut', () => {
  const view = new DataView(encodeWav(Float32Array.of(0, 0.5, -1, 2), 16_000))
  const word = (at: number, length: number) => String.fromCharCode(...new Uint8Array(view.buffer, at, length))
  expect([word(0, 4), word(8, 8), word(36, 4)]).toEqual(['RIFF', 'WAVEfmt ', 'data'])
  expect([view.getUint32(4, true), view.getUint32(24, true), view.getUint32(40, true)]).toEqual([44, 16_000, 8])
  expect([44, 46, 48, 50].map((at) => view.getInt16(at, true))).toEqual([0, 16_384, -32_768, 32_767])
})
