import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { useOutbox } from './outbox'

interface Sent {
  path: string
  key: string
  text: string
}

let sent: Sent[] = []
let answer: (one: Sent) => Response | Error

function json(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status })
}

function entryFor({ key, text }: Sent): Response {
  return json({ entry_id: `e-${key}`, conversation_id: 'c1', kind: 'message', client_id: key, text, created_at: '2026-11-20T08:00:00Z' })
}

beforeEach(() => {
  sent = []
  answer = entryFor
  sessionStorage.clear()
  setActivePinia(createPinia())
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>
    const one = { path, key: headers['Idempotency-Key'], text: (JSON.parse(init.body as string) as { text: string }).text }
    sent.push(one)
    const result = answer(one)
    if (result instanceof Error) throw result
    return result
  })
})
afterEach(() => vi.unstubAllGlobals())

const settled = () => vi.waitFor(() => expect(useOutbox().items.every((item) => item.state !== 'sending')).toBe(true))
const states = () => useOutbox().items.map((item) => item.state)

it('shows a message at once and forgets it when the hub has it', async () => {
  const outbox = useOutbox()
  outbox.send('c1', 'hello', [], false)
  expect(outbox.unsentOf('c1')).toMatchObject([{ text: 'hello', state: 'sending' }])
  await settled()
  expect(outbox.items).toEqual([])
  expect(sent[0].path).toBe('/api/v1/conversations/c1/messages')
})

it('sends in order, and nothing past a message that has not gone out', async () => {
  const outbox = useOutbox()
  answer = () => new TypeError('offline')
  outbox.send('c1', 'first', [], false)
  outbox.send('c1', 'second', [], true)
  await vi.waitFor(() => expect(outbox.items[0].state).toBe('held'))
  expect(sent.map((one) => one.text)).toEqual(['first'])
  answer = entryFor
  outbox.retry(outbox.items[0].client_id)
  await vi.waitFor(() => expect(outbox.items).toEqual([]))
  expect(sent.map((one) => one.text)).toEqual(['first', 'first', 'second'])
  expect(sent.at(-1)!.path).toBe('/api/v1/conversations/c1/notes')
})

it('repeats with the same key, so that the hub takes it once', async () => {
  const outbox = useOutbox()
  answer = () => json({ error: { code: 'internal' } }, 500)
  outbox.send('c1', 'hello', [], false)
  await vi.waitFor(() => expect(states()).toEqual(['held']))
  answer = entryFor
  outbox.retry(outbox.items[0].client_id)
  await vi.waitFor(() => expect(outbox.items).toEqual([]))
  expect(new Set(sent.map((one) => one.key)).size).toBe(1)
})

it('keeps what the hub refuses on screen until a person decides, and lets later ones pass', async () => {
  const outbox = useOutbox()
  answer = (one) => (one.text === 'bad' ? json({ error: { code: 'too_large' } }, 413) : entryFor(one))
  outbox.send('c1', 'bad', [], false)
  await settled()
  expect(outbox.items).toMatchObject([{ state: 'failed', error: 'too_large' }])
  outbox.send('c1', 'good', [], false)
  await vi.waitFor(() => expect(sent.map((one) => one.text)).toEqual(['bad', 'good']))
  await settled()
  expect(outbox.items).toMatchObject([{ text: 'bad', state: 'failed' }])
  outbox.remove(outbox.items[0].client_id)
  expect(outbox.items).toEqual([])
})

it('sends on after a reload with the same keys', async () => {
  answer = () => new TypeError('offline')
  useOutbox().send('c1', 'hello', [], false)
  await vi.waitFor(() => expect(states()).toEqual(['held']))
  const key = sent[0].key
  setActivePinia(createPinia()) // the page is loaded anew; sessionStorage stays
  answer = entryFor
  const again = useOutbox()
  expect(again.items).toMatchObject([{ text: 'hello', client_id: key }])
  again.retry(key)
  await vi.waitFor(() => expect(again.items).toEqual([]))
  expect(sent.at(-1)!.key).toBe(key)
})
