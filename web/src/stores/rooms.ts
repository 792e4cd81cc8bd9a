/** What was said in the rooms that this browser has opened, paged from the newest. */
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import { roomMessages } from '@/api/teamwork'
import type { RoomMessageView } from '@/api/types'

export interface RoomLog {
  messages: RoomMessageView[]
  hasMore: boolean
}

export const useRooms = defineStore('rooms', () => {
  const open = shallowReactive(new Map<string, RoomLog>())

  /** Return what is known of a room, fetching its newest page when nothing is. */
  function ensure(roomId: string): RoomLog {
    const known = open.get(roomId)
    if (known) return known
    open.set(roomId, { messages: [], hasMore: false })
    void load(roomId)
    return open.get(roomId)!
  }

  async function load(roomId: string): Promise<void> {
    const page = await roomMessages(roomId, '').catch(() => null)
    if (page && open.has(roomId)) put(roomId, page.items, page.has_more)
  }

  async function loadEarlier(roomId: string): Promise<void> {
    const before = open.get(roomId)?.messages[0]?.room_message_id
    if (!before) return
    const page = await roomMessages(roomId, before).catch(() => null)
    if (page && open.has(roomId)) put(roomId, page.items, page.has_more)
  }

  function put(roomId: string, some: RoomMessageView[], hasMore?: boolean): void {
    const log = open.get(roomId)!
    const byId = new Map([...log.messages, ...some].map((one) => [one.room_message_id, one]))
    const messages = [...byId.values()].sort((a, b) => (a.room_message_id < b.room_message_id ? -1 : 1))
    open.set(roomId, { messages, hasMore: hasMore ?? log.hasMore })
  }

  /** Take a message that came; rooms nobody looks at are fetched when they are opened. */
  function patch(message: RoomMessageView): void {
    if (open.has(message.room_id)) put(message.room_id, [message])
  }

  return {
    ensure,
    loadEarlier,
    patch,
    reloadAll: () => [...open.keys()].forEach((roomId) => void load(roomId)),
    forgetAll: () => open.clear(),
  }
})
