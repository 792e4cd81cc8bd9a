/** The conversation as this window knows it: numbered lines and own words still without a number, in one order. */
import type { Line, SharedFile } from './frames.ts'

export type OwnState = 'sending' | 'sent' | 'read' | 'refused'

export interface Entry {
  /** Stable while the window lives. */
  key: string
  line: Line
  isOwn: boolean
  state: OwnState
  /** Why the server refused it. */
  code: string
  /** Where it stands: its number; while sending the end; then just behind what was the last number. */
  order: number
}

export class Transcript {
  readonly entries: Entry[] = []
  /** The highest number seen: where a new connection resumes. */
  last = 0
  private readonly bySeq = new Map<number, Entry>()
  private readonly byId = new Set<string>()
  private readonly byCid = new Map<string, Entry>()
  private count = 0

  /** Take a line from the server; returns the entries that changed, none for a line already known. */
  add(line: Line): Entry[] {
    const seq = line.seq ?? 0
    if (seq ? this.bySeq.has(seq) : line.id && this.byId.has(line.id)) return []
    if (line.id) this.byId.add(line.id)
    const isOwn = line.direction === 'in'
    const known = isOwn && line.cid ? this.byCid.get(line.cid) : undefined
    this.last = Math.max(this.last, seq)
    if (known) {
      known.line = line
      this.settle(known, line.status === 'read' ? 'read' : 'sent')
      return seq ? this.number(known, seq) : [known]
    }
    const entry = this.insert(line, isOwn, line.status === 'read' ? 'read' : 'sent')
    return line.kind === 'agent' ? [entry, ...this.markRead(entry)] : [entry]
  }

  /** Show own words at once; repeated for a `cid` already shown, nothing changes. */
  addOwn(cid: string, text: string, files: SharedFile[] = []): Entry {
    return (
      this.byCid.get(cid) ??
      this.insert({ type: 'message', direction: 'in', kind: 'contact', cid, text, attachments: files }, true, 'sending')
    )
  }

  /** The server has it. */
  acknowledge(cid: string): Entry[] {
    const entry = this.byCid.get(cid)
    return entry ? this.settle(entry, 'sent') : []
  }

  /** The server will never take it. */
  refuse(cid: string, code: string): Entry[] {
    const entry = this.byCid.get(cid)
    if (!entry) return []
    entry.state = 'refused'
    entry.code = code
    return [entry]
  }

  /** Take own words back, to be written anew. */
  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1)
    if (entry.line.cid) this.byCid.delete(entry.line.cid)
  }

  /** The line whose choices can still be pressed: the newest one, unless the person has answered since. */
  get open(): Entry | undefined {
    for (let at = this.entries.length - 1; at >= 0; at--) {
      const entry = this.entries[at]!
      if (entry.isOwn && entry.state !== 'refused') return undefined
      if (entry.line.choices?.length) return entry
    }
    return undefined
  }

  private insert(line: Line, isOwn: boolean, state: OwnState): Entry {
    const seq = line.seq ?? 0
    const order = seq || (state === 'sending' ? Infinity : this.last + 0.5)
    const entry: Entry = { key: String(++this.count), line, isOwn, state, code: '', order }
    if (seq) this.bySeq.set(seq, entry)
    if (isOwn && line.cid) this.byCid.set(line.cid, entry)
    this.place(entry)
    return entry
  }

  /** Own words arrive in the order they were written, so later ones without a number stand behind this one. */
  private number(entry: Entry, seq: number): Entry[] {
    this.bySeq.set(seq, entry)
    this.move(entry, seq)
    const later = this.entries.filter((one) => one.isOwn && !one.line.seq && one.order < seq && +one.key > +entry.key)
    for (const one of later) this.move(one, seq + 0.5)
    return [entry, ...later]
  }

  private move(entry: Entry, order: number): void {
    this.entries.splice(this.entries.indexOf(entry), 1)
    entry.order = order
    this.place(entry)
  }

  private place(entry: Entry): void {
    let at = this.entries.length
    while (at > 0 && this.entries[at - 1]!.order > entry.order) at--
    this.entries.splice(at, 0, entry)
  }

  private settle(entry: Entry, state: OwnState): Entry[] {
    if (entry.state === 'read') return []
    entry.state = state
    if (entry.order === Infinity) this.move(entry, this.last + 0.5)
    return [entry]
  }

  /** An agent who answers has read what stands above. */
  private markRead(answer: Entry): Entry[] {
    const above = this.entries.slice(0, this.entries.indexOf(answer))
    const newly = above.filter((entry) => entry.isOwn && entry.state === 'sent')
    for (const entry of newly) entry.state = 'read'
    return newly
  }
}
