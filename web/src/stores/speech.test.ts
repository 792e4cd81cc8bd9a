import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'

import type { SpokenLine } from '@/api/transcripts'
import { useDesk } from '@/stores/desk'
import { useSpeech } from '@/stores/speech'
import type { Signal } from '@/sync/frames'

const line = (n: number, text: string, more: Partial<SpokenLine> = {}): SpokenLine => ({ n, speaker: 'contact', start_s: n, end_s: n + 1, text, ...more })

let say: (one: SpokenLine) => void

beforeEach(() => {
  setActivePinia(createPinia())
  vi.spyOn(useDesk(), 'onSignal').mockImplementation((act) => {
    say = (one) => act({ type: 'signal', name: 'speech', conversation_id: 'v1', call_id: 'c1', ...one } as Signal)
    return 1
  })
})

it('shows what is being said, then what was said, once', () => {
  const speech = useSpeech()
  say(line(0, '我'))
  say(line(0, '我要'))
  expect(speech.linesOf('c1').map((one) => one.text)).toEqual(['我要'])
  say(line(0, '我要报修。', { is_final: true }))
  say(line(0, '我要报'))
  expect(speech.linesOf('c1').map((one) => one.text)).toEqual(['我要报修。'])
})

it('lets what somebody was saying give way to what they said next, and to nobody else', () => {
  const speech = useSpeech()
  say(line(0, '喂'))
  say(line(1, '您好。', { speaker: 'agent', is_final: true }))
  expect(speech.linesOf('c1').map((one) => one.text)).toEqual(['喂', '您好。'])
  say(line(2, '停水了。', { is_final: true }))
  expect(speech.linesOf('c1').map((one) => one.text)).toEqual(['您好。', '停水了。'])
})

it('puts what was said before at its place', async () => {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ call_id: 'c1', is_heard: true, lines: [line(0, '喂。', { is_final: true })] })))
  const speech = useSpeech()
  say(line(1, '停水'))
  await speech.load('v1')
  expect(speech.linesOf('c1').map((one) => one.text)).toEqual(['喂。', '停水'])
  vi.unstubAllGlobals()
})
