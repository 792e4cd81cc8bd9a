/** The calls of the page on which administrators see how recordings are written down. */
import { call, withQuery } from './client'

export interface SoundInWork {
  transcript_id: string
  conversation_id: string
  kind: 'recording' | 'voice_message' | 'voice_note'
  instance?: string
  heard_s?: number
  total_s?: number
  code?: string
  reason?: string
  ended_at?: string
}

export interface TranscriptionView {
  transcribers: { instance: string; is_usable: boolean; slots: number; models: Record<string, string> }[]
  running: SoundInWork[]
  failed: SoundInWork[]
  waiting: number
  oldest_s: number
  done: number
  done_s: number
  spent_s: number
}

interface Correction {
  utterance_id: string
}

const PAGE = 1_000

export const getTranscription = () => call<TranscriptionView>('GET', '/transcription')

export const retryTranscript = (id: string) => call<void>('POST', `/transcripts/${id}/retry`)

/** Return every correction. */
export async function fetchCorrections(): Promise<Correction[]> {
  const all: Correction[] = []
  for (;;) {
    const { items } = await call<{ items: Correction[] }>('GET', withQuery('/transcription/corrections', { after: all.at(-1)?.utterance_id, limit: PAGE }))
    all.push(...items)
    if (items.length < PAGE) return all
  }
}
