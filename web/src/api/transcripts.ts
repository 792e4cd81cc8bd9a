/** What was said in recordings and voice messages. */
import { call, withQuery } from './client'

/** A word as it was said: text, start and end in milliseconds, how sure the recogniser is (0 to 1). */
export type Word = [text: string, startMs: number, endMs: number, confidence: number]

export interface UtteranceView {
  utterance_id: string
  speaker: 'contact' | 'agent'
  start_ms: number
  end_ms: number
  text: string
  words?: Word[]
  confidence?: number
  is_corrected?: boolean
}

export interface TranscriptView {
  transcript_id: string
  media_id: string
  kind: 'recording' | 'voice_message' | 'voice_note'
  state: 'waiting' | 'done' | 'failed'
  language?: string
  model?: string
  code?: string
  utterances?: UtteranceView[]
}

export const fetchTranscript = (conversationId: string, mediaId: string) =>
  call<{ items: TranscriptView[] }>('GET', withQuery(`/conversations/${conversationId}/transcripts`, { media_id: mediaId })).then(
    ({ items }) => items[0] ?? null,
  )

export const correctUtterance = (utteranceId: string, text: string) =>
  call<UtteranceView>('PUT', `/utterances/${utteranceId}`, { text })

/** An utterance of a call in progress; one that is not final is what is understood so far. */
export interface SpokenLine {
  n: number
  speaker: 'contact' | 'agent'
  start_s: number
  end_s: number
  text: string
  is_final?: boolean
}

export interface SpokenLines {
  call_id?: string
  is_heard?: boolean
  lines?: SpokenLine[]
}

export const fetchSpeech = (conversationId: string) => call<SpokenLines>('GET', `/conversations/${conversationId}/speech`)
