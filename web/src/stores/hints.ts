/** Hints that came while serving, by conversation; each is forgotten when it is dismissed or a little later. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

import type { Hit } from '@/api/service_rules'
import type { Signal } from '@/sync/frames'
import { useDesk } from '@/stores/desk'

const KEPT_MS = 20_000
const MOST = 3

export const useHints = defineStore('hints', () => {
  const desk = useDesk()
  const live = reactive(new Map<string, Hit[]>())

  desk.onSignal((signal) => {
    if (signal.name === 'hint') add(signal.conversation_id, signal as unknown as Hit & Signal)
  })

  function add(conversationId: string, hit: Hit): void {
    const others = (live.get(conversationId) ?? []).filter((one) => one.rule_id !== hit.rule_id)
    live.set(conversationId, [...others, hit].slice(-MOST))
    setTimeout(() => dismiss(conversationId, hit), KEPT_MS)
  }

  function dismiss(conversationId: string, hit: Hit): void {
    const left = (live.get(conversationId) ?? []).filter((one) => one !== hit && one.rule_id + one.quote !== hit.rule_id + hit.quote)
    live.set(conversationId, left)
  }

  return { of: (conversationId: string) => live.get(conversationId) ?? [], dismiss }
})
