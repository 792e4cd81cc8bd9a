/** Days as date fields have them (`2026-11-23`), and the moments at which they begin and end here. */

export const startOfDay = (day: string): string | undefined => moment(day, 0)
export const endOfDay = (day: string): string | undefined => moment(day, 1)

/** Return the day that was so many days before today. */
export function dayAgo(days: number, today = new Date()): string {
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days, 12)
  return `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`
}

/** Midnight of the day so many days later, as the hub takes it; none while a day is being typed. */
function moment(day: string, later: number): string | undefined {
  const at = new Date(`${day}T00:00`)
  if (Number.isNaN(at.getTime())) return undefined
  at.setDate(at.getDate() + later) // a day may have 23 hours or 25
  return at.toISOString()
}

const pad = (value: number) => String(value).padStart(2, '0')
