import { describe, expect, it } from 'vitest'

import { ago, bucket, duration, fileSize, maskedAddress } from './format'

describe('format', () => {
  it.each([
    ['tel:+8613812346721', '138****6721'],
    ['tel:+493012345678', '+4930****5678'],
    ['tel:12345', '12***'],
    ['fax:+8653188886666', '531****6666'],
    ['tel:anonymous-5f3aab12', '号码未显示'],
    ['mailto:wangxy@example.cn', 'w***@example.cn'],
    ['web:ab4d5f6071829af6', 'ab4d…9af6'],
    ['terminal:A-17', 'A-17'],
  ])('masks %s as %s', (uri, masked) => expect(maskedAddress(uri)).toBe(masked))

  it.each([
    [-5, '00:00'],
    [65_000, '01:05'],
    [3_725_000, '1:02:05'],
  ])('shows %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text))

  it.each([
    [999, '999 B'],
    [12_345, '12 KB'],
    [1_400_000, '1.4 MB'],
  ])('shows %i bytes as %s', (bytes, text) => expect(fileSize(bytes)).toBe(text))

  it('never says that something will have been in the future', () => {
    const now = Date.parse('2026-11-20T08:00:00Z')
    expect(ago('2026-11-20T08:00:30Z', now)).toBe(ago('2026-11-20T07:59:50Z', now))
  })

  it('gives the same text the same bucket', () => {
    expect(bucket('王秀英', 6)).toBe(bucket('王秀英', 6))
    expect(bucket('', 6)).toBe(0)
  })
})
