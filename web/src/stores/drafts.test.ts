import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { useDesk } from './desk'
import { useDrafts } from './drafts'

let saved: { path: string; text: string; is_note: boolean }[] = []
let isDown = false

beforeEach(() => {
  saved = []
  isDown = false
  setActivePinia(createPinia())
  vi.useFakeTimers()
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    if (isDown) throw new TypeError('offline')
    saved.push({ path, ...(JSON.parse(init.body as string) as { text: string; is_note: boolean }) })
    return new Response(null, { status: 204 })
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('saves once the typing pauses', async () => {
  const drafts = useDrafts()
  for (const text of ['h', 'he', 'hey']) {
    drafts.set('c1', { text })
    await vi.advanceTimersByTimeAsync(200)
  }
  expect(saved).toEqual([])
  await vi.advanceTimersByTimeAsync(400)
  expect(saved).toEqual([{ path: '/api/v1/conversations/c1/draft', text: 'hey', is_note: false }])
})

it('keeps one draft per conversation, and saves at once when asked', async () => {
  const drafts = useDrafts()
  drafts.set('c1', { text: 'for one' })
  drafts.set('c2', { text: 'for two', isNote: true })
  await drafts.flush('c1')
  expect(saved.map((one) => one.text)).toEqual(['for one'])
  expect(drafts.get('c1')).toEqual({ text: 'for one', isNote: false })
  expect(drafts.get('c2')).toEqual({ text: 'for two', isNote: true })
})

it('shows what the hub kept until something is typed here', () => {
  const desk = useDesk()
  const drafts = useDrafts()
  desk.drafts.set('c1', { text: 'from yesterday', saved_at: '2026-11-20T08:00:00Z' })
  expect(drafts.get('c1').text).toBe('from yesterday')
  drafts.set('c1', { text: '' })
  expect(drafts.get('c1').text).toBe('')
})

it('keeps what could not be saved and saves it later', async () => {
  const drafts = useDrafts()
  isDown = true
  drafts.set('c1', { text: 'hello' })
  await vi.advanceTimersByTimeAsync(400)
  expect(saved).toEqual([])
  isDown = false
  await drafts.flush('c1')
  expect(saved.map((one) => one.text)).toEqual(['hello'])
})
