/** Words for what happened to a conversation. */
import type { EntryView } from '@/api/types'
import { channelName, named, useTitles } from '@/composables/texts'
import { fullTime } from '@/format'
import { i18n } from '@/i18n'

/** Return the catalogue's line for a notice, with ids and codes replaced by their titles. */
export function noticeText(entry: EntryView): string {
  const { t, te } = i18n.global
  const { queueTitle, agentName, reasonTitle, codeTitle } = useTitles()
  const key = `notice.${entry.code}`
  if (!te(key, 'zh')) return entry.text || entry.code || ''
  const params = entry.params ?? {}
  const titled: Record<string, string> = { ...params }
  if (params.queue) titled.queue = queueTitle(params.queue)
  if (params.agent) titled.agent = agentName(params.agent)
  if (params.reason) titled.reason = reasonTitle(params.reason)
  if (params.code) titled.code = codeTitle(params.code)
  if (params.fault) titled.fault = named('fault', params.fault)
  if (params.until) titled.until = fullTime(params.until).slice(5, 16)
  if (params.by) titled.by = named('ended_by', params.by)
  if (params.cause) titled.cause = named('cause', params.cause)
  if (params.channel) titled.channel = channelName(params.channel)
  for (const name of ['from', 'to']) {
    if (params[name]) titled[name] = queueTitle(params[name]) === params[name] ? agentName(params[name]) : queueTitle(params[name])
  }
  return t(key, titled)
}
