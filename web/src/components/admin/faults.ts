/** Says in the present language what the hub found wrong with a field; it speaks in codes and in set English phrases. */
import phrases from '@/components/admin/fault_phrases.json'
import { i18n } from '@/i18n'

const PHRASES = (phrases as [string, string][]).map(([pattern, code]) => ({ pattern: new RegExp(pattern), code }))

/** Return what to show for `fault`; sentences of a plugin's own stay as they are. */
export function faultText(fault: string): string {
  const { t, te } = i18n.global
  const key = `fault.${fault.replaceAll(' ', '_')}`
  if (/^[\w ]+$/.test(fault) && te(key, 'zh')) return t(key)
  for (const { pattern, code } of PHRASES) {
    const match = pattern.exec(fault)
    if (match) return t(code.includes('.') ? code : `fault.${code}`, { value: match[1] ?? '' })
  }
  return fault
}
