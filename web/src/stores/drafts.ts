/** One draft per conversation, kept on the hub, so that nothing typed is lost or goes to the wrong person. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

import { call, type ApiError } from '@/api/client'
import { useDesk } from '@/stores/desk'

const SAVE_MS = 400

export interface Draft {
  text: string
  isNote: boolean
}

export const useDrafts = defineStore('drafts', () => {
  const desk = useDesk()
  /** What was typed in this browser; it wins over the hub's copy, which is older or the same. */
  const local = reactive(new Map<string, Draft>())
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  const unsaved = new Set<string>()

  function get(conversationId: string): Draft {
    const saved = desk.drafts.get(conversationId)
    return local.get(conversationId) ?? { text: saved?.text ?? '', isNote: saved?.is_note ?? false }
  }

  function set(conversationId: string, change: Partial<Draft>): void {
    local.set(conversationId, { ...get(conversationId), ...change })
    unsaved.add(conversationId)
    clearTimeout(timers.get(conversationId))
    timers.set(conversationId, setTimeout(() => void flush(conversationId), SAVE_MS))
  }

  /** Save now; what cannot be saved is saved when the line is back. */
  async function flush(conversationId: string): Promise<void> {
    clearTimeout(timers.get(conversationId))
    if (!unsaved.delete(conversationId)) return
    const { text, isNote } = get(conversationId)
    try {
      await call('PUT', `/conversations/${conversationId}/draft`, { text, is_note: isNote }, { keepalive: true })
    } catch (error) {
      if ((error as ApiError).isUncertain) unsaved.add(conversationId)
    }
  }

  const flushAll = () => [...unsaved].forEach((id) => void flush(id))
  desk.onUp(flushAll)
  document.addEventListener('visibilitychange', () => document.hidden && flushAll())

  return { get, set, flush, hasText: (id: string) => get(id).text.trim() !== '' }
})
