import { describe, expect, it } from 'vitest'

import type { Line } from './frames.ts'
import { Transcript } from './transcript.ts'

const line = (seq: number, fields: Partial<Line> = {}): Line => ({ type: 'message', seq, text: `line ${seq}`, ...fields })
const own = (seq: number, cid: string): Line => line(seq, { direction: 'in', cid, text: cid })
const texts = (transcript: Transcript): string[] => transcript.entries.map((entry) => entry.line.text ?? '')

describe('a transcript', () => {
  it('shows each number once, in order, however often and late it comes', () => {
    const transcript = new Transcript()
    for (const seq of [1, 4, 2, 4, 3, 1]) transcript.add(line(seq))
    expect(texts(transcript)).toEqual(['line 1', 'line 2', 'line 3', 'line 4'])
    expect(transcript.last).toBe(4)
  })

  it('merges own words with the number the hub gave them', () => {
    const transcript = new Transcript()
    transcript.add(line(1))
    transcript.addOwn('a', 'a')
    transcript.addOwn('a', 'a')
    expect(transcript.entries.map((entry) => entry.state)).toEqual(['sent', 'sending'])
    transcript.acknowledge('a')
    transcript.add(line(3))
    transcript.add(own(2, 'a'))
    expect(texts(transcript)).toEqual(['line 1', 'a', 'line 3'])
  })

  it('keeps own words in the order they were written', () => {
    const transcript = new Transcript()
    transcript.addOwn('a', 'a')
    transcript.addOwn('b', 'b')
    transcript.acknowledge('a')
    transcript.acknowledge('b')
    transcript.add(line(1))
    transcript.add(own(2, 'a'))
    expect(texts(transcript)).toEqual(['line 1', 'a', 'b'])
    transcript.add(own(3, 'b'))
    expect(texts(transcript)).toEqual(['line 1', 'a', 'b'])
  })

  it('puts words that are not yet sent behind everything else', () => {
    const transcript = new Transcript()
    transcript.addOwn('a', 'a')
    transcript.add(line(1))
    transcript.add(line(2))
    expect(texts(transcript)).toEqual(['line 1', 'line 2', 'a'])
  })

  it('takes words for read once an agent answered, not when the flow did', () => {
    const transcript = new Transcript()
    transcript.addOwn('a', 'a')
    transcript.acknowledge('a')
    transcript.add(line(2, { kind: 'flow' }))
    expect(transcript.entries[0]!.state).toBe('sent')
    transcript.add(line(3, { kind: 'agent' }))
    expect(transcript.entries[0]!.state).toBe('read')
    transcript.acknowledge('a')
    expect(transcript.entries[0]!.state).toBe('read')
  })

  it('leaves choices open until the person has answered', () => {
    const transcript = new Transcript()
    const choices = [{ key: '1', label: 'one' }]
    transcript.add(line(1, { choices }))
    transcript.add(line(2))
    expect(transcript.open?.line.seq).toBe(1)
    transcript.addOwn('a', 'one')
    expect(transcript.open).toBeUndefined()
    transcript.refuse('a', 'too_long')
    expect(transcript.open?.line.seq).toBe(1)
    transcript.remove(transcript.entries.at(-1)!)
    expect(texts(transcript)).toEqual(['line 1', 'line 2'])
  })
})
