/** What part of the floor a page shows: all of it, one site, one queue. */
import type { Periods, QueueBoard } from '@/api/wallboard'
import { useTitles } from '@/composables/texts'
import { i18n, localText } from '@/i18n'
import { useWallboard, type BoardAgent } from '@/stores/wallboard'

export interface Scope {
  kind: 'all' | 'site' | 'queue'
  id: string
  title: string
  queues: QueueBoard[]
  agents: BoardAgent[]
  periods: Periods
}

/** What the hub wants to be asked for the figures of a scope. */
export const scopeQuery = (scope: Scope) => (scope.kind === 'all' ? {} : { [`${scope.kind}_id`]: scope.id })

export function useScopes() {
  const store = useWallboard()
  const { queueTitle } = useTitles()

  function all(): Scope {
    const { queues, agents, board } = store
    return { kind: 'all', id: '', title: i18n.global.t('wallboard.all_queues'), queues, agents, periods: board?.total ?? {} }
  }

  function sites(): Scope[] {
    return (store.board?.sites ?? []).map((site) => ({
      kind: 'site',
      id: site.site_id,
      title: localText(site.title, site.site_id),
      queues: store.queues.filter((one) => site.queue_ids.includes(one.queue_id)),
      agents: store.agents.filter((one) => site.agent_ids?.includes(one.agent_id)),
      periods: site.periods ?? {},
    }))
  }

  function queues(): Scope[] {
    return store.queues.map((queue) => ({
      kind: 'queue',
      id: queue.queue_id,
      title: queueTitle(queue.queue_id),
      queues: [queue],
      agents: store.agents.filter((one) => one.queue_ids?.includes(queue.queue_id)),
      periods: queue.periods ?? {},
    }))
  }

  /** Return what is asked for, or everything when that is not to be seen. */
  function find(kind: string, id: string): Scope {
    const some = kind === 'site' ? sites() : kind === 'queue' ? queues() : []
    return some.find((one) => one.id === id) ?? all()
  }

  return { all, sites, queues, find }
}
