import { describe, expect, it } from 'vitest'

import { dayAgo, endOfDay, startOfDay } from './days'

describe('days', () => {
  it('begin and end at midnight here', () => {
    expect(new Date(startOfDay('2026-11-23')!).getHours()).toBe(0)
    expect(new Date(endOfDay('2026-11-30')!).toString()).toBe(new Date(2026, 11, 1).toString())
  })

  it('are none while they are being typed', () => {
    expect(startOfDay('')).toBeUndefined()
    expect(endOfDay('2026-1')).toBeUndefined()
  })

  it('are counted back over the ends of months', () => {
    expect(dayAgo(0, new Date(2026, 0, 1, 23, 59))).toBe('2026-01-01')
    expect(dayAgo(1, new Date(2026, 2, 1, 0, 1))).toBe('2026-02-28')
  })
})
