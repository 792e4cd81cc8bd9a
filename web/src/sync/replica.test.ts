import { describe, expect, it } from 'vitest'

import type { Inbound, Outbound } from './frames'
import { Replica } from './replica'
import { apply, emptyTables, replace, type Patch, type Snapshot } from './tables'

/** The hub's side of the protocol with a short memory, as the protocol's page has it. */
class FakeHub {
  private epoch = 1
  private seq = 0
  private log: { seq: number; patches: Patch[] }[] = []
  readonly tables = emptyTables()

  constructor(private readonly memory: number) {}

  change(patches: Patch[]): Inbound {
    apply(this.tables, patches)
    const delta = { seq: ++this.seq, patches }
    this.log = [...this.log, delta].slice(-this.memory)
    return { type: 'delta', ...delta }
  }

  restart(): void {
    this.epoch += 1
    this.seq = 0
    this.log = []
  }

  answer(hello: Outbound): Inbound[] {
    if (hello.type !== 'hello') return []
    const epoch = String(this.epoch)
    const missed = this.log.filter((delta) => delta.seq > hello.seq)
    if (hello.epoch === epoch && hello.seq <= this.seq && missed.length === this.seq - hello.seq) {
      return [{ type: 'resume', epoch, seq: this.seq }, ...missed.map((delta) => ({ type: 'delta' as const, ...delta }))]
    }
    return [{ type: 'snapshot', epoch, seq: this.seq, tables: this.snapshot() }]
  }

  private snapshot(): Snapshot {
    return structuredClone(
      Object.fromEntries(Object.entries(this.tables).map(([name, rows]) => [name, Object.fromEntries(rows as Map<string, unknown>)])),
    )
  }
}

/** A browser: a replica with its tables, behind a line that a test can cut, bend and fill with repeats. */
class Browser {
  readonly replica = new Replica()
  readonly tables = emptyTables()
  snapshots = 0
  gaps = 0

  constructor(private readonly hub: FakeHub) {}

  connect(): void {
    this.take(this.hub.answer(this.replica.hello()))
  }

  take(frames: Inbound[]): void {
    for (const frame of frames) {
      const step = this.replica.receive(frame)
      if (step.kind === 'patches') apply(this.tables, step.patches)
      if (step.kind === 'snapshot') {
        this.snapshots += 1
        replace(this.tables, step.tables)
      }
      if (step.kind === 'gap') {
        this.gaps += 1
        this.take(this.hub.answer(this.replica.hello()))
      }
    }
  }
}

/** A small generator of repeatable randomness (mulberry32). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const put = (key: string, text: string): Patch => ({ table: 'conversations', key, value: { conversation_id: key, last_text: text } })

describe('replica', () => {
  it('takes a snapshot first and follows deltas from there', () => {
    const hub = new FakeHub(100)
    hub.change([put('a', 'before')])
    const browser = new Browser(hub)
    browser.connect()
    browser.take([hub.change([put('a', 'after')])])
    expect(browser.tables).toEqual(hub.tables)
    expect(browser.snapshots).toBe(1)
  })

  it('resumes without a snapshot when the hub still remembers', () => {
    const hub = new FakeHub(100)
    const browser = new Browser(hub)
    browser.connect()
    for (let n = 0; n < 60; n++) hub.change([put(`c${n % 7}`, String(n))])
    browser.connect()
    expect(browser.tables).toEqual(hub.tables)
    expect(browser).toMatchObject({ snapshots: 1, gaps: 0 })
  })

  it('takes a new snapshot when it was away for too long or the hub is another one', () => {
    const hub = new FakeHub(10)
    const browser = new Browser(hub)
    browser.connect()
    for (let n = 0; n < 11; n++) hub.change([put('c', String(n))])
    browser.connect()
    hub.restart()
    hub.change([put('d', 'new')])
    browser.connect()
    expect(browser.tables).toEqual(hub.tables)
    expect(browser.snapshots).toBe(3)
  })

  it('says hello again when a delta is missing, and drops what it has seen', () => {
    const hub = new FakeHub(100)
    const browser = new Browser(hub)
    browser.connect()
    const first = hub.change([put('a', '1')])
    browser.take([first, first])
    hub.change([put('a', '2')])
    browser.take([hub.change([put('b', '3')])])
    expect(browser.tables).toEqual(hub.tables)
    expect(browser).toMatchObject({ snapshots: 1, gaps: 1 })
  })

  it('ignores deltas between its hello and the answer', () => {
    const hub = new FakeHub(100)
    const browser = new Browser(hub)
    browser.connect()
    const hello = browser.replica.hello()
    browser.take([hub.change([put('a', '1')])])
    expect(browser.tables.conversations.size).toBe(0)
    browser.take(hub.answer(hello))
    expect(browser.tables).toEqual(hub.tables)
  })

  it.each(Array.from({ length: 60 }, (_, seed) => seed))('equals the hub after any line, seed %i', (seed) => {
    const random = randomness(seed)
    const pick = (below: number) => Math.floor(random() * below)
    const hub = new FakeHub(1 + pick(20))
    const browser = new Browser(hub)
    let isConnected = false
    const held: Inbound[] = []
    for (let step = 0; step < 200; step++) {
      const key = `c${pick(9)}`
      const table = ['conversations', 'offers', 'agents', 'not_yet_known'][pick(4)]
      const delta = hub.change([{ table, key, value: random() < 0.25 ? null : { step } }])
      const fate = random()
      if (!isConnected) {
        if (fate < 0.3) browser.connect()
        isConnected = fate < 0.3
      } else if (fate < 0.75) browser.take([delta])
      else if (fate < 0.85) browser.take([delta, delta])
      else if (fate < 0.9) held.push(delta) // lost on the way, or late
      else if (fate < 0.95) browser.take([...held.splice(0), delta])
      else if (fate < 0.98) isConnected = false
      else {
        hub.restart()
        isConnected = false // a hub's end closes its sockets
      }
    }
    browser.connect()
    expect(browser.tables).toEqual(hub.tables)
  })
})
