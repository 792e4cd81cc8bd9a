/** Words for what the hub names by code: channels, states, reasons. */
import { computed } from 'vue'

import { i18n, localText } from '@/i18n'
import { codePath } from '@/composables/wrap_up_codes'
import { useDesk } from '@/stores/desk'

/** Return the catalogue's text of `group.code`, or the code itself when the catalogue does not know it. */
export function named(group: string, code: string): string {
  const key = `${group}.${code}`
  return i18n.global.te(key, 'zh') ? i18n.global.t(key) : code
}

/** The reason of an agent whom a supervisor lets take no work (hub/dispatch/presence.py). */
export const LOCKED = 'locked'

export const channelName = (channel: string) => named('channel', channel)

export function useTitles() {
  const desk = useDesk()
  return {
    tagTitle: (tag: string) => localText(desk.setup.tags?.[tag]?.title, tag),
    departmentTitle: (id: string | undefined) => (id ? localText(desk.setup.departments?.[id]?.title, id) : ''),
    groupTitle: (id: string) => localText(desk.setup.agent_groups?.[id]?.title, id),
    queueTitle: (id: string | null | undefined) =>
      id ? localText(desk.setup.queues?.[id]?.title, desk.queues.get(id)?.title ?? id) : '',
    agentName: (id: string | null | undefined) => (id ? (desk.agents.get(id)?.display_name ?? id) : ''),
    /** Reasons may be the hub's own, an administrator's, or a system word from the catalogue. */
    reasonTitle: (reason: string) =>
      localText(desk.setup.away_reasons?.[reason]?.title, reason ? named('reason', reason) : ''),
    /** A code below headings is called with them: `Water › Leak`. */
    codeTitle: (code: string) =>
      codePath(desk.setup.wrap_up_codes ?? {}, code)
        .map((one) => localText(desk.setup.wrap_up_codes?.[one]?.title, one))
        .join(' › '),
  }
}

/** Everybody who serves, in the order of their names. */
export function useAgentsByName() {
  const desk = useDesk()
  return computed(() => [...desk.agents.values()].toSorted((one, other) => one.display_name.localeCompare(other.display_name)))
}
