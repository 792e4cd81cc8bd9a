/** What part of the floor a page shows: all of it, one site, group or department, one queue. */
import { PART_KINDS, type PartKind, type Periods, type QueueBoard } from '@/api/wallboard'
import { useTitles } from '@/composables/texts'
import { i18n, localText } from '@/i18n'
import { useWallboard, type BoardAgent } from '@/stores/wallboard'

export interface Scope {
  kind: 'all' | PartKind | 'queue'
  id: string
  title: string
  queues: QueueBoard[]
  agents: BoardAgent[]
  periods: Periods
}

/** What a scope is called in addresses and calls. */
export const viewOf = ({ kind, id }: Pick<Scope, 'kind' | 'id'>) => (kind === 'all' ? '' : `${kind}:${id}`)

export function useScopes() {
  const store = useWallboard()
  const { queueTitle } = useTitles()

  function all(): Scope {
    const { queues, agents, board } = store
    return { kind: 'all', id: '', title: i18n.global.t('wallboard.all_queues'), queues, agents, periods: board?.total ?? {} }
  }

  function parts(kind: PartKind): Scope[] {
    const some = (store.board?.parts ?? []).filter((part) => part.kind === kind)
    return some.map((part) => ({
      kind,
      id: part.part_id,
      title: localText(part.title, part.part_id),
      queues: store.queues.filter((one) => part.queue_ids.includes(one.queue_id)),
      agents: store.agents.filter((one) => part.agent_ids?.includes(one.agent_id)),
      periods: part.periods ?? {},
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
  function find(view: string): Scope {
    return [...PART_KINDS.flatMap(parts), ...queues()].find((one) => viewOf(one) === view) ?? all()
  }

  return { all, parts, queues, find }
}
