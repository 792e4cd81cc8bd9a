/** The live state of the desk: tables kept equal to the hub's over one line. */
import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowReactive, shallowRef, triggerRef, type ShallowRef } from 'vue'

import type { AgentView, ContactView, EntryView, RoomMessageView, Setup } from '@/api/types'
import type { WorkOrderView } from '@/api/work_orders'
import { now } from '@/clock'
import { Batch } from '@/sync/batch'
import type { ByeCode, ScreenNotice, Signal } from '@/sync/frames'
import { Line, type LineState, type Socket } from '@/sync/line'
import type { Step } from '@/sync/replica'
import { apply, emptyTables, replace, TABLE_NAMES, type Rows, type TableName } from '@/sync/tables'
import { useContacts } from '@/stores/contacts'
import { useRooms } from '@/stores/rooms'
import { useSession } from '@/stores/session'
import { useThreads } from '@/stores/threads'
import { useWorkOrders } from '@/stores/work_orders'

const TYPING_MS = 6000 // a signal without a successor is forgotten

type Refs = { [Name in TableName]: ShallowRef<Map<string, Rows[Name]>> }

export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const threads = useThreads()
  const contacts = useContacts()
  const rooms = useRooms()
  const orders = useWorkOrders()

  const tables = markRaw(emptyTables())
  const rows = Object.fromEntries(TABLE_NAMES.map((name) => [name, shallowRef(tables[name])])) as unknown as Refs
  const line = shallowRef<Line | null>(null)
  const lineState = ref<LineState>('connecting')
  const goodbye = ref<ByeCode | null>(null)
  /** True once a first snapshot has arrived. */
  const isReady = ref(false)
  const typing = shallowReactive(new Map<string, { by: string; until: number }>())
  const whenUp: (() => void)[] = []
  const whenSignalled: ((signal: Signal) => void)[] = []

  const batch = new Batch<Step>((steps) => {
    const touched = new Set<TableName>()
    for (const step of steps) {
      if (step.kind === 'snapshot') {
        replace(tables, step.tables)
        TABLE_NAMES.forEach((name) => touched.add(name))
        isReady.value = true
        threads.reloadAll()
        contacts.reloadAll()
        rooms.reloadAll()
        orders.reloadAll()
      } else if (step.kind === 'patches') {
        apply(tables, step.patches).forEach((name) => touched.add(name))
        for (const { table, key, value } of step.patches) {
          if (table === 'entries') takeEntry(key, value as EntryView | null)
          if (table === 'room_messages') rooms.patch(value as RoomMessageView)
          if (table === 'work_orders') orders.patch(key, value as WorkOrderView | null)
          if (table === 'contacts') contacts.patch(key, value as ContactView | null)
        }
      }
    }
    touched.forEach((name) => triggerRef(rows[name]))
  })

  function start(): void {
    if (line.value) return
    goodbye.value = null
    line.value = markRaw(
      new Line(openSocket, {
        onStep: (step) => batch.add(step),
        onSignal: hear,
        onState: (state) => {
          lineState.value = state
          if (state === 'up') whenUp.forEach((act) => act())
        },
        onBye: (code) => {
          goodbye.value = code
          if (code === 'logged_out') session.me = null
        },
      }),
    )
    line.value.start()
  }

  function stop(): void {
    line.value?.stop()
    line.value = null
    isReady.value = false
    replace(tables, {})
    threads.forgetAll()
    contacts.forgetAll()
    rooms.forgetAll()
    orders.forgetAll()
    TABLE_NAMES.forEach((name) => triggerRef(rows[name]))
  }

  function takeEntry(entryId: string, entry: EntryView | null): void {
    threads.patch(entryId, entry)
    if (entry?.author_kind === 'contact') typing.delete(entry.conversation_id) // what was being typed is here
  }

  function hear(signal: Signal): void {
    if (signal.name !== 'typing') return whenSignalled.forEach((act) => act(signal))
    if (!signal.is_typing) typing.delete(signal.conversation_id)
    else {
      const until = now() + TYPING_MS
      typing.set(signal.conversation_id, { by: signal.by ?? 'contact', until })
      setTimeout(() => {
        if (typing.get(signal.conversation_id)?.until === until) typing.delete(signal.conversation_id)
      }, TYPING_MS)
    }
  }

  function tellTyping(conversationId: string, isTyping: boolean): void {
    line.value?.send({ type: 'typing', conversation_id: conversationId, is_typing: isTyping })
  }

  /** Say which conversation this browser shows; empty when none. */
  function tellLook(conversationId: string): void {
    line.value?.send({ type: 'look', conversation_id: conversationId })
  }

  /** Ask for the wallboard's figures, or for no more of them. */
  function watchBoard(isOn: boolean): void {
    line.value?.send({ type: 'watch', is_on: isOn })
  }

  /** Say what this browser shows. */
  function tellScreen(screen: ScreenNotice): void {
    line.value?.send({ type: 'screen', ...screen })
  }

  /** Put one row that a call answered with, ahead of the patch that will say the same. */
  function put<Name extends 'conversations' | 'agents'>(name: Name, key: string, value: Rows[Name]): void {
    ;(tables[name] as Map<string, Rows[Name]>).set(key, value)
    triggerRef(rows[name])
  }

  addEventListener('offline', () => line.value?.cut())
  addEventListener('online', () => line.value?.hurry())
  document.addEventListener('visibilitychange', () => document.hidden || line.value?.hurry())

  const myself = computed<AgentView | undefined>(() => rows.agents.value.get(session.me?.user_id ?? ''))
  const setup = computed(() => Object.fromEntries(rows.setup.value) as Setup)

  return {
    ...rows,
    lineState,
    goodbye,
    isReady,
    typing,
    myself,
    setup,
    start,
    stop,
    put,
    tellTyping,
    tellLook,
    tellScreen,
    watchBoard,
    /** Run `act` with each signal other than typing. */
    onSignal: (act: (signal: Signal) => void) => whenSignalled.push(act),
    /** Run `act` each time the line has come up. */
    onUp: (act: () => void) => whenUp.push(act),
  }
})

function openSocket(): Socket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return new WebSocket(`${scheme}://${location.host}/api/v1/desktop`) as unknown as Socket
}
