/** The wallboard's figures, once a second while a page shows them. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import { getBoard, type Board } from '@/api/wallboard'
import { errorText, toast } from '@/composables/toasts'
import { useAlarms } from '@/stores/alarms'
import { useDesk } from '@/stores/desk'

export const useWallboard = defineStore('wallboard', () => {
  const desk = useDesk()
  const alarms = useAlarms()
  const board = shallowRef<Board | null>(null)
  let isWatching = false

  function take(next: Board): void {
    board.value = next
    alarms.replaceAll(next.alarms ?? [])
  }

  desk.onSignal((signal) => signal.name === 'wallboard' && signal.board && take(signal.board))
  desk.onUp(() => isWatching && desk.watchBoard(true))

  function watch(): void {
    isWatching = true
    desk.start()
    if (desk.lineState === 'up') desk.watchBoard(true)
    getBoard().then(take, (error) => toast(errorText(error), 'error'))
  }

  function leave(): void {
    isWatching = false
    desk.watchBoard(false)
  }

  const queues = computed(() => Object.values(board.value?.queues ?? {}))
  const agents = computed(() =>
    Object.values(board.value?.agents ?? {}).flatMap((figures) => {
      const view = desk.agents.get(figures.agent_id)
      return view ? [{ ...view, figures }] : []
    }),
  )

  return { board, queues, agents, watch, leave }
})

export type BoardAgent = ReturnType<typeof useWallboard>['agents'][number]
