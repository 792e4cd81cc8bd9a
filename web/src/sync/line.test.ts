import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Line, PING_MS, type Socket } from './line'

class FakeSocket implements Socket {
  static all: FakeSocket[] = []
  sent: { type: string; epoch?: string | null; seq?: number }[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  constructor() {
    FakeSocket.all.push(this)
  }
  send(data: string): void {
    this.sent.push(JSON.parse(data))
  }
  close(): void {}
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

function makeLine() {
  const states: string[] = []
  const byes: string[] = []
  const steps: string[] = []
  const line = new Line(() => new FakeSocket(), {
    onState: (state) => states.push(state),
    onStep: (step) => steps.push(step.kind),
    onSignal: () => undefined,
    onBye: (code) => byes.push(code),
  })
  line.start()
  return { line, states, byes, steps }
}

const last = () => FakeSocket.all.at(-1)!

describe('line', () => {
  beforeEach(() => {
    FakeSocket.all = []
    vi.useFakeTimers()
  })
  afterEach(() => vi.useRealTimers())

  it('says hello and is up when the hub has answered', () => {
    const { states } = makeLine()
    last().onopen?.()
    expect(last().sent).toEqual([{ type: 'hello', epoch: null, seq: 0 }])
    last().say({ type: 'snapshot', epoch: 'e', seq: 4, tables: {} })
    expect(states).toEqual(['connecting', 'up'])
  })

  it('answers pings', () => {
    makeLine()
    last().say({ type: 'ping' })
    expect(last().sent).toEqual([{ type: 'pong' }])
  })

  it('connects again with what it knows after a loss', () => {
    const { states } = makeLine()
    last().onopen?.()
    last().say({ type: 'snapshot', epoch: 'e', seq: 4, tables: {} })
    last().onclose?.()
    vi.advanceTimersByTime(300)
    expect(FakeSocket.all).toHaveLength(2)
    last().onopen?.()
    expect(last().sent).toEqual([{ type: 'hello', epoch: 'e', seq: 4 }])
    last().say({ type: 'resume', epoch: 'e', seq: 4 })
    expect(states).toEqual(['connecting', 'up', 'lost', 'up'])
  })

  it('calls a line lost on which two pings are missing', () => {
    const { states } = makeLine()
    last().say({ type: 'snapshot', epoch: 'e', seq: 1, tables: {} })
    for (let n = 0; n < 5; n++) {
      vi.advanceTimersByTime(PING_MS)
      last().say({ type: 'ping' })
    }
    expect(states.at(-1)).toBe('up')
    vi.advanceTimersByTime(2 * PING_MS + 1000)
    expect(states.at(-1)).toBe('lost')
  })

  it('waits longer and longer up to five seconds', () => {
    makeLine()
    for (let n = 0; n < 8; n++) {
      last().onclose?.()
      vi.advanceTimersByTime(5000)
    }
    expect(FakeSocket.all).toHaveLength(9)
    last().onclose?.()
    vi.advanceTimersByTime(2000)
    expect(FakeSocket.all).toHaveLength(9)
  })

  it('does not come back after logged_out or replaced, but does after slow', () => {
    const { byes, states } = makeLine()
    last().say({ type: 'bye', code: 'slow' })
    last().onclose?.()
    vi.advanceTimersByTime(300)
    expect(FakeSocket.all).toHaveLength(2)
    last().say({ type: 'bye', code: 'replaced' })
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(2)
    expect(byes).toEqual(['slow', 'replaced'])
    expect(states.at(-1)).toBe('ended')
  })

  it('survives what it does not understand', () => {
    const { steps, states } = makeLine()
    last().onmessage?.({ data: 'not json' })
    last().onmessage?.({ data: 'null' })
    last().onmessage?.({ data: '{"type":"of_tomorrow"}' })
    expect(steps).toEqual(['nothing'])
    expect(states).toEqual(['connecting'])
  })
})
