/** Times, sizes, names and addresses as people read them. */
import { i18n } from '@/i18n'

const locale = () => (i18n.global.locale.value === 'en' ? 'en-GB' : 'zh-CN')

/** `09:05`. */
export function clockTime(iso: string): string {
  return new Date(iso).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', hour12: false })
}

/** `2026-11-20 09:05:12` in local time. */
export function fullTime(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE')
}

/** `11月20日 星期五`, with the year when it is another one. */
export function dayName(iso: string, nowMs: number): string {
  const date = new Date(iso)
  const { t } = i18n.global
  const days = Math.round((startOfDay(nowMs) - startOfDay(date.getTime())) / 86_400_000)
  if (days === 0) return t('time.today')
  if (days === 1) return t('time.yesterday')
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? undefined : 'numeric'
  return date.toLocaleDateString(locale(), { year, month: 'long', day: 'numeric', weekday: 'short' })
}

/** `3:07` or `1:03:07`; never negative. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const hours = Math.floor(total / 3600)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  return hours ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${two(minutes)}:${two(total % 60)}`
}

/** `刚刚`, `4 分钟`, `2 小时`, then the date. */
export function ago(iso: string, nowMs: number): string {
  const { t } = i18n.global
  const minutes = Math.floor((nowMs - Date.parse(iso)) / 60_000)
  if (minutes < 1) return t('time.just_now')
  if (minutes < 60) return t('time.minutes', { count: minutes })
  if (minutes < 24 * 60) return t('time.hours', { count: Math.floor(minutes / 60) })
  return new Date(iso).toLocaleDateString(locale(), { month: '2-digit', day: '2-digit' })
}

/** `¥0.135`: fractions of a cent are kept; `currency` by ISO 4217. */
export function money(amount: number, currency: string): string {
  return amount.toLocaleString(locale(), { style: 'currency', currency, maximumFractionDigits: 6 })
}

/** `1.4 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`
}

export const ANONYMOUS = 'tel:anonymous-' // callers who withheld their number, and who send texts under a name

/** `tel:+8613812346721` as `138****6721`, `mailto:anna@b.cn` as `a***@b.cn`; long ids by their ends. */
export function maskedAddress(uri: string): string {
  if (uri.startsWith(ANONYMOUS)) return i18n.global.t('contact.number_withheld')
  const [scheme, rest] = split(uri)
  if (scheme === 'mailto') {
    const [name, domain = ''] = rest.split('@')
    return `${name.slice(0, 1)}***@${domain}`
  }
  if (scheme === 'tel' || scheme === 'fax') return maskedNumber(rest.replace(/^\+86/, ''))
  return rest.length > 12 ? `${rest.slice(0, 4)}…${rest.slice(-4)}` : rest
}

function maskedNumber(number: string): string {
  return number.length > 8 ? `${number.slice(0, -8)}****${number.slice(-4)}` : `${number.slice(0, 2)}***`
}

function split(uri: string): [string, string] {
  const colon = uri.indexOf(':')
  return colon < 0 ? ['', uri] : [uri.slice(0, colon), uri.slice(colon + 1)]
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}

/** Return one of `count` numbers, always the same for the same text. */
export function bucket(text: string, count: number): number {
  let hash = 0
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) >>> 0
  return hash % count
}
