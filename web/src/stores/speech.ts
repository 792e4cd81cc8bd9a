/** What is being said in calls in progress, as it is understood; the last word on each line counts. */
import { defineStore } from 'pinia'
import { reactive } from 'vue'

import { fetchSpeech, type SpokenLine } from '@/api/transcripts'
import type { Signal } from '@/sync/frames'
import { useDesk } from '@/stores/desk'

export const useSpeech = defineStore('speech', () => {
  const desk = useDesk()
  const calls = reactive(new Map<string, Map<number, SpokenLine>>())

  desk.onSignal((signal) => {
    if (signal.name === 'speech' && signal.call_id) take(signal.call_id, [signal as unknown as SpokenLine & Signal])
  })

  function take(callId: string, lines: SpokenLine[]): void {
    const known = calls.get(callId) ?? new Map<number, SpokenLine>()
    for (const one of lines) if (!known.get(one.n)?.is_final) known.set(one.n, one)
    calls.set(callId, known)
  }

  /** Take over what was said before this browser listened. */
  async function load(conversationId: string): Promise<void> {
    const { call_id: callId, lines } = await fetchSpeech(conversationId)
    if (callId && lines) take(callId, lines)
  }

  /** The lines of a call in order; what somebody was saying gives way to what they said next. */
  function linesOf(callId: string): SpokenLine[] {
    const lines = [...(calls.get(callId)?.values() ?? [])].sort((one, other) => one.n - other.n)
    return lines.filter((one) => one.is_final || !lines.some((next) => next.n > one.n && next.speaker === one.speaker))
  }

  return { load, linesOf }
})
