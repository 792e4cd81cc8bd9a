/** What answering a mail needs to know of the one received. */
import type { Mail } from '@/api/types'

/** What an agent gives a mail beside its text. */
export interface MailDraft {
  subject: string
  /** Addresses as typed, with commas between them. */
  cc: string
  isQuoting: boolean
}

export const emptyMail = (): MailDraft => ({ subject: '', cc: '', isQuoting: true })

// how mail programs begin the subject of a reply (回复 答复 回覆 转发 轉寄 答覆), and the number the hub puts behind it (hub/conversing/mails.py)
const PREFIX = /^\s*(?:(?:re|fwd?|aw|\u56de\u590d|\u7b54\u590d|\u56de\u8986|\u8f6c\u53d1|\u8f49\u5bc4|\u7b54\u8986)\s*(?:\[\d+\])?\s*[:\uff1a]\s*)+/i
const NUMBER = /\s*\[LX-[0-9A-F]{10}\]/i
const BETWEEN = /[,;\uff0c\uff1b\u3001\n]+/
const FORMATTED = /<(?:b|strong|i|em|u|ul|ol|a)\b/i

/** Return the subject under which the hub answers `received` when no other is given. */
export function usualSubject(received: Mail | null | undefined): string {
  const bare = (received?.subject ?? '').replace(NUMBER, '').replace(PREFIX, '').trim()
  return bare && `Re: ${bare}`
}

/** Return the addresses in a line that somebody typed. */
export const addressesIn = (line: string): string[] =>
  line.split(BETWEEN).map((one) => one.trim()).filter(Boolean)

/** Return whom `received` went to beside us, and not its sender: whom a reply to all has as copies. */
export function othersOf(received: Mail | null | undefined, own: string): string[] {
  const known = new Set([own, received?.sender ?? ''].map(bare))
  return [...(received?.to ?? []), ...(received?.cc ?? [])].map(bare).filter((one) => one && !known.has(one) && known.add(one))
}

/** Whether the editor's HTML says more than its words. */
export const isFormatted = (html: string): boolean => FORMATTED.test(html)

function bare(address: string): string {
  return (/<([^<>]+)>\s*$/.exec(address)?.[1] ?? address).trim().toLowerCase()
}
