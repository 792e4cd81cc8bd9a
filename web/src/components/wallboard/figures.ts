/** Figures in words, and how good they are: never by colour alone. */
import type { Tally } from '@/api/wallboard'
import { duration } from '@/format'

export type Grade = 'good' | 'fair' | 'poor' | ''

export const percent = (share: number | null | undefined) => (share == null ? '–' : `${(share * 100).toFixed(1)}%`)
export const length = (seconds: number | null | undefined) => (seconds == null ? '–' : duration(seconds * 1000))

/** Grade a share by two limits. */
export function graded(share: number | null | undefined, good: number, fair: number): Grade {
  if (share == null) return ''
  return share >= good ? 'good' : share >= fair ? 'fair' : 'poor'
}

export const levelGrade = (tally: Tally | undefined) => graded(tally?.service_level, 0.85, 0.7)
export const satisfiedGrade = (tally: Tally | undefined) => graded(tally?.satisfied, 0.9, 0.8)

/** Return the share of those who got through of those who did, gave up or were sent on to other services. */
export function answeredShare(tally: Tally | undefined): number | null {
  const decided = (tally?.answered ?? 0) + (tally?.abandoned ?? 0) + (tally?.diverted ?? 0)
  return decided ? (tally?.answered ?? 0) / decided : null
}
