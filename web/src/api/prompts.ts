/** The calls of the page of prompts. */
import { call, upload } from './client'
import type { Attachment } from './types'

export interface Sound {
  text: string
  prompt: string
  source: 'recorded' | 'synthesized' | 'missing'
  media_id: string
  recording_id: string
}

export interface Prompt {
  flow_id: string
  node_id: string
  field: string
  language: string
  text: string
  is_fixed: boolean
  sounds: Sound[]
}

export interface PromptList {
  items: Prompt[]
  progress: { wanted: number; ready: number }
}

export const listPrompts = () => call<PromptList>('GET', '/prompts')
export const tryWords = (language: string, text: string) => call<Sound>('POST', '/prompt-trials', { language, text })
export const deleteRecording = (id: string) => call<void>('DELETE', `/prompt-recordings/${id}`)
export const soundUrl = (mediaId: string) => `/media/${mediaId}`

/** Play `file`, a WAV, in place of these words from now on. */
export async function addRecording(language: string, sound: Pick<Sound, 'text' | 'prompt'>, file: File): Promise<Sound> {
  const { media_id } = await upload<Attachment>('/media', file, () => undefined)
  return call<Sound>('POST', '/prompt-recordings', { language, text: sound.text, prompt: sound.prompt, media_id })
}
