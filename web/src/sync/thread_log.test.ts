import { expect, it } from 'vitest'

import type { EntryView } from '@/api/types'

import { ThreadLog } from './thread_log'

const entry = (entry_id: string, status: EntryView['status'] = 'sent'): EntryView => ({
  entry_id,
  conversation_id: 'c',
  kind: 'message',
  status,
  created_at: '2026-11-20T08:00:00Z',
})
const ids = (log: ThreadLog) => log.entries.map((row) => row.entry_id)

it('puts patches that came early on top of the first page', () => {
  const log = new ThreadLog()
  log.put(entry('2', 'delivered'))
  log.put(entry('3'))
  log.load({ items: [entry('1'), entry('2', 'sent')], has_more: true })
  expect(ids(log)).toEqual(['1', '2', '3'])
  expect(log.entries[1].status).toBe('delivered')
})

it('replaces in place and adds at the end, however often', () => {
  const log = new ThreadLog()
  log.load({ items: [entry('1'), entry('2')], has_more: false })
  for (let n = 0; n < 2; n++) {
    log.put(entry('1', 'read'))
    log.put(entry('3'))
  }
  expect(ids(log)).toEqual(['1', '2', '3'])
  expect(log.entries[0].status).toBe('read')
})

it('puts what was overtaken where it belongs', () => {
  const log = new ThreadLog()
  log.load({ items: [entry('1')], has_more: false })
  for (const id of ['4', '2', '3', '4', '5']) log.put(entry(id))
  expect(ids(log)).toEqual(['1', '2', '3', '4', '5'])
})

it('leaves what belongs to an earlier page to that page', () => {
  const log = new ThreadLog()
  log.load({ items: [entry('3'), entry('4')], has_more: true })
  log.put(entry('1', 'read'))
  expect(ids(log)).toEqual(['3', '4'])
  expect(log.first?.entry_id).toBe('3')
})

it('puts older pages before and never twice', () => {
  const log = new ThreadLog()
  log.load({ items: [entry('3'), entry('4')], has_more: true })
  log.prepend({ items: [entry('1'), entry('2'), entry('3')], has_more: false })
  expect(ids(log)).toEqual(['1', '2', '3', '4'])
  expect(log.hasMore).toBe(false)
})

it('keeps what arrives while it waits for a reload', () => {
  const log = new ThreadLog()
  log.load({ items: [entry('1')], has_more: false })
  log.expectReload()
  log.put(entry('3'))
  expect(ids(log)).toEqual(['1', '3'])
  log.load({ items: [entry('1'), entry('2')], has_more: false })
  expect(ids(log)).toEqual(['1', '2', '3'])
})
