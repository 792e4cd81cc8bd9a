/** Puts what the hub decided about a conversation's work, and why, into words. */
import '@/i18n/admin'

import type { RoutingStep } from '@/api/desk'
import { named, useTitles } from '@/composables/texts'
import { duration } from '@/format'
import { i18n } from '@/i18n'

/** What was decided, in one line. */
export function stepText({ step, queue_id, agent_id, why = {} }: RoutingStep): string {
  const { queueTitle, agentName } = useTitles()
  return i18n.global.t(`routing.step.${step}`, { queue: queueTitle(queue_id), agent: agentName(agent_id), to: queueTitle(why.to) })
}

/** How an offer ended, with the reason; empty for what is no offer, or still rings. */
export function outcomeText({ outcome, reason }: RoutingStep): string {
  if (!outcome) return ''
  return [i18n.global.t(`routing.outcome.${outcome}`), outcome !== 'accepted' && reason ? causeText(reason) : ''].filter(Boolean).join(': ')
}

/** Why it was decided so, each reason in a few words. */
export function reasons({ why = {} }: RoutingStep): string[] {
  const { t } = i18n.global
  const { queueTitle, agentName } = useTitles()
  const said: string[] = []
  if (why.served) said.push(t(`routing.served.${why.served}`))
  if (Number(why.age_s) >= 1) said.push(t('routing.waited', { wait: seconds(why.age_s!) }))
  if (Number(why.head_start_s) > 0) said.push(t('routing.head_start', { wait: seconds(why.head_start_s!) }))
  if (why.agent) said.push(t(`routing.agent.${why.agent}`, { strategy: strategyText(why.strategy ?? '') }))
  if (why.overflowed_from) said.push(t('routing.overflowed_from', { queue: queueTitle(why.overflowed_from) }))
  if (why.declined_by) said.push(t('routing.declined_by', { agents: why.declined_by.split(',').map(agentName).join('、') }))
  if (why.held_for) said.push(t('routing.held', { agent: agentName(why.held_for) }))
  if (why.from_agent) said.push(t('routing.from_agent', { agent: agentName(why.from_agent) }))
  if (why.what === 'skill') said.push(t(Number(why.level) > 0 ? 'routing.skill' : 'routing.skill_dropped', { skill: why.skill ?? '', level: why.level ?? '' }))
  if (why.what === 'language') said.push(t('routing.language'))
  if (why.what === 'agent') said.push(t('routing.any_agent', { agent: agentName(why.agent_id) }))
  if (why.waiting) said.push(t('routing.waiting', { waiting: why.waiting }))
  if (why.reason) said.push(t('routing.reason', { reason: causeText(why.reason) }))
  return said
}

function seconds(text: string): string {
  return duration(Math.round(Number(text)) * 1000)
}

/** A strategy names its criteria in turn, or adds some up: `highest_skill,2*longest_idle+linear`. */
function strategyText(strategy: string): string {
  return strategy
    .split(',')
    .map((step) => step.split('+').map((one) => one.replace(/\w+$/, (name) => named('choice', name))).join(' + '))
    .join(' › ')
}

/** A reason is the hub's code, one of the desk's choices, or somebody's own words. */
function causeText(reason: string): string {
  const own = named('routing.cause', reason)
  return own === reason ? named('reason', reason) : own
}
