/** How long, and how often, a network lets us answer after the person's last message. */
import type { EntryView } from '@/api/types'

const RULES: Record<string, { hours: number; answers: number }> = {
  wechat: { hours: 48, answers: 5 },
}

export interface ReplyWindow {
  until: string
  /** Answers that are left; long ones go out as several messages and count as such. */
  left: number
  isOver: boolean
}

/** Return the window of a conversation on `channel`, by its loaded `entries`; none where there is no rule. */
export function replyWindow(channel: string, entries: EntryView[], nowMs: number): ReplyWindow | undefined {
  const rule = RULES[channel]
  const at = entries.findLastIndex((entry) => entry.kind === 'message' && entry.direction === 'in')
  if (!rule || at < 0) return undefined
  const until = new Date(entries[at].created_at).getTime() + rule.hours * 3_600_000
  const sent = entries.slice(at).filter((entry) => entry.direction === 'out' && entry.kind === 'message' && entry.status !== 'failed')
  const left = Math.max(0, rule.answers - sent.length)
  return { until: new Date(until).toISOString(), left, isOver: nowMs >= until || left === 0 }
}
