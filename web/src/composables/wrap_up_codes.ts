/** The tree of wrap-up codes: which ones may end a conversation, and what stands above each. */
import type { WrapUpCode } from '@/api/types'

/** The codes chosen so far by conversation: narrow windows close the panel in between. */
export const chosenCodes = new Map<string, string>()

type Codes = Record<string, WrapUpCode>

/** Return the codes that may end a conversation of this queue, in their order: no headings, no other queue's. */
export function offeredCodes(codes: Codes, queueId: string | null | undefined): string[] {
  const headings = new Set(Object.values(codes).map((code) => code.parent))
  return Object.keys(codes).filter((code) => {
    const queues = codes[code].queue_ids ?? []
    return !headings.has(code) && (queues.length === 0 || queues.includes(queueId ?? ''))
  })
}

/** Return `code` after everything above it, the topmost first. */
export function codePath(codes: Codes, code: string): string[] {
  const path = [code]
  for (let above = codes[code]?.parent; above && !path.includes(above); above = codes[above]?.parent) path.unshift(above)
  return path
}
