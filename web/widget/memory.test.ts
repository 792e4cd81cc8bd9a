import { beforeEach, describe, expect, it } from 'vitest'

import type { Kept } from './frames.ts'
import { Memory, newId, Outbox } from './memory.ts'

const message = (cid: string): Kept => ({ type: 'message', cid, text: cid })

describe('an outbox', () => {
  beforeEach(() => localStorage.clear())

  it('survives a reload, in order, and does not mix with another channel', () => {
    const outbox = new Outbox(new Memory(localStorage, 'one:'))
    outbox.add({ frame: message('second'), at: 2 })
    outbox.add({ frame: message('first'), at: 1 })
    new Outbox(new Memory(localStorage, 'two:')).add({ frame: message('other'), at: 0 })
    const reloaded = new Outbox(new Memory(localStorage, 'one:'))
    expect(reloaded.all().map((pending) => pending.frame.cid)).toEqual(['first', 'second'])
    reloaded.remove('first')
    expect(outbox.all().map((pending) => pending.frame.cid)).toEqual(['second'])
  })

  it('forgets what it cannot read', () => {
    localStorage.setItem('one:out:x', '{broken')
    expect(new Outbox(new Memory(localStorage, 'one:')).all()).toEqual([])
    expect(localStorage.length).toBe(0)
  })

  it('works for this page where storage is forbidden', () => {
    const forbidden = new Proxy({} as Storage, {
      get() {
        throw new DOMException('forbidden', 'SecurityError')
      },
    })
    const outbox = new Outbox(new Memory(forbidden, 'one:'))
    outbox.add({ frame: message('a'), at: 1 })
    expect(outbox.find('a')?.frame.cid).toBe('a')
  })
})

it('ids fit the protocol and differ', () => {
  expect(newId()).toMatch(/^[0-9a-f]{32}$/)
  expect(newId()).not.toBe(newId())
})
