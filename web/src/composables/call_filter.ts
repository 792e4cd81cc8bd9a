/** What somebody who looks for calls has filled in, as it is typed and as the hub takes it. */
import { computed, reactive, type Ref, shallowRef } from 'vue'

import type { CallFilter } from '@/api/calls'
import { now } from '@/clock'
import { endOfDay, startOfDay } from '@/composables/days'
import { dialled } from '@/phone/numbers'

export interface CallWishes {
  begin: string
  end: string
  direction: string
  number: string
  dialled: string
  leastCalls: string
  agent: string
  queue: string
}

export function useCallFilter() {
  const wanted = reactive<CallWishes>({ begin: '', end: '', direction: '', number: '', dialled: '', leastCalls: '', agent: '', queue: '' })
  const filter = computed<CallFilter>(() => ({
    begin: startOfDay(wanted.begin),
    end: endOfDay(wanted.end),
    direction: wanted.direction || undefined,
    number: dialled(wanted.number),
    dialled: dialled(wanted.dialled),
    least_calls: wanted.leastCalls ? Number(wanted.leastCalls) : undefined,
    user_id: wanted.agent,
    queue_id: wanted.queue,
  }))
  return { wanted, filter }
}

/** The query as last asked, up to then: further pages and files are of the same calls, whatever is typed or comes meanwhile. */
export function useAsked<Query extends CallFilter>(query: Readonly<Ref<Query>>) {
  const fixed = () => ({ ...query.value, end: query.value.end ?? new Date(now()).toISOString() })
  const asked = shallowRef<Query>(fixed())
  return { asked, ask: () => void (asked.value = fixed()) }
}
