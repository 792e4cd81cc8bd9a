/** Times that people put things off to. */

const HOUR_MS = 3_600_000

/** `2026-11-22T15:30` in local time, as a date field has it. */
export function localMinute(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Return the times offered first: in an hour, in three, this afternoon at four while that is ahead, tomorrow at nine. */
export function presets(nowMs: number): { name: 'hour' | 'three_hours' | 'afternoon' | 'tomorrow'; at: number }[] {
  const afternoon = new Date(nowMs).setHours(16, 0, 0, 0)
  const tomorrow = new Date(new Date(nowMs).setHours(9, 0, 0, 0))
  tomorrow.setDate(tomorrow.getDate() + 1)
  return [
    { name: 'hour', at: nowMs + HOUR_MS },
    { name: 'three_hours', at: nowMs + 3 * HOUR_MS },
    ...(afternoon > nowMs + HOUR_MS ? [{ name: 'afternoon' as const, at: afternoon }] : []),
    { name: 'tomorrow', at: tomorrow.getTime() },
  ]
}
