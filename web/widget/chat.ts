/** One citizen's conversation without its looks: what was said, what is on its way, where it stands. */
import { Connection } from './connection.ts'
import type { Hello, Kept, Line, ServerFrame, SharedFile, SituationFrame } from './frames.ts'
import { Memory, newId, Outbox } from './memory.ts'
import { type Entry, Transcript } from './transcript.ts'

const TYPING_EVERY_MS = 3000
const TYPING_ENDS_MS = 5000
const TYPING_SHOWN_MS = 30_000
const MARKS_MS = 400 // marks of a burst of messages travel together

/** What a view wants to hear. */
export interface View {
  /** Entries are new or changed. */
  entries(changed: Entry[], isHistory: boolean): void
  /** Connection, situation, typing or a form's fate changed. */
  changed(): void
  /** The log is before the person's eyes. */
  isWatched(): boolean
}

export class Chat {
  readonly transcript = new Transcript()
  situation: SituationFrame | null = null
  isConnected = false
  hasTried = false
  isTyping = false
  error = ''
  unread = 0
  formState: 'none' | 'sending' | 'sent' = 'none'
  private readonly connection: Connection
  private readonly outbox: Outbox
  private isOpen = false
  private hasCaughtUp = false
  private typedAt = 0
  private typingTimer?: ReturnType<typeof setTimeout>
  private shownTimer?: ReturnType<typeof setTimeout>
  private marksTimer?: ReturnType<typeof setTimeout>
  private seen = 0
  private read = 0

  constructor(
    base: URL,
    private readonly memory: Memory,
    private readonly session: Memory,
    private readonly identity: string | null,
    private readonly language: string,
    private readonly view: View,
  ) {
    this.outbox = new Outbox(memory)
    this.connection = new Connection(base, {
      hello: () => this.hello(),
      frame: (frame) => this.take(frame),
      connected: (is) => this.connected(is),
    })
  }

  /** The person was here before and may be answered. */
  get isKnown(): boolean {
    return this.memory.get('visitor') !== null || this.identity !== null
  }

  /** The page's signed identity was not believed. */
  get isRefused(): boolean {
    return this.error.includes('identity')
  }

  get visitor(): string | null {
    return this.memory.get('visitor')
  }

  connect(): void {
    this.connection.open()
    for (const pending of this.outbox.all()) this.show(pending.frame, pending.files)
  }

  disconnect(): void {
    this.connection.close()
  }

  /** The person opened or closed the window. */
  setOpen(isOpen: boolean): void {
    this.isOpen = isOpen
    if (!isOpen) return
    this.unread = 0
    this.connect()
    this.announce()
    this.mark()
  }

  say(text: string, choice?: string, handles: string[] = [], files: SharedFile[] = []): void {
    const frame: Kept = { type: 'message', cid: newId(), text }
    if (choice !== undefined) frame.choice = choice
    if (handles.length) frame.attachments = handles
    this.keep(frame, files)
    this.typedAt = 0
    clearTimeout(this.typingTimer)
  }

  leave(name: string, phone: string, text: string): void {
    this.formState = 'sending'
    this.keep({ type: 'offline', cid: newId(), text, name, phone })
    this.view.changed()
  }

  /** Take a refused message back and return its words. */
  takeBack(entry: Entry): string {
    this.transcript.remove(entry)
    return entry.line.text ?? ''
  }

  /** The person typed a key. */
  typed(): void {
    const now = Date.now()
    if (now - this.typedAt > TYPING_EVERY_MS) {
      this.typedAt = now
      this.connection.send({ type: 'typing', on: true })
    }
    clearTimeout(this.typingTimer)
    this.typingTimer = setTimeout(() => {
      this.typedAt = 0
      this.connection.send({ type: 'typing', on: false })
    }, TYPING_ENDS_MS)
  }

  /** Tell the server what is shown and what is read, a little later. */
  mark(): void {
    clearTimeout(this.marksTimer)
    this.marksTimer = setTimeout(() => {
      const last = this.transcript.last
      if (last > this.seen) this.connection.send({ type: 'seen', seq: (this.seen = last) })
      if (last > this.read && this.view.isWatched()) this.connection.send({ type: 'read', seq: (this.read = last) })
    }, MARKS_MS)
  }

  private hello(): Hello {
    return {
      type: 'hello',
      visitor: this.identity === null ? this.visitor : null,
      identity: this.identity,
      last: this.transcript.last,
      language: this.language,
      page_url: (location.origin + location.pathname).slice(0, 2000),
    }
  }

  private connected(is: boolean): void {
    this.isConnected = is
    this.hasTried = true
    if (!is) {
      this.isTyping = false
      this.hasCaughtUp = false
    }
    this.view.changed()
  }

  private take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        if (frame.visitor) this.memory.set('visitor', frame.visitor)
        this.error = ''
        this.seen = this.read = 0
        this.announce()
        for (const pending of this.outbox.all()) this.connection.send(pending.frame)
        this.mark()
        break
      case 'message':
        this.receive(frame)
        break
      case 'situation':
        this.situation = frame
        this.hasCaughtUp = true
        if (frame.situation === 'closed') this.session.set('announced', null)
        this.announce()
        this.view.changed()
        break
      case 'typing':
        this.showTyping(frame.on)
        break
      case 'ack':
        this.settle(frame.cid, this.transcript.acknowledge(frame.cid))
        break
      case 'refused':
        this.settle(frame.cid, this.transcript.refuse(frame.cid, frame.code))
        break
      case 'retry': {
        const pending = this.outbox.find(frame.cid)
        if (pending) setTimeout(() => this.connection.send(pending.frame), frame.after_ms)
        break
      }
      case 'error':
        this.error = frame.code
        if (this.isRefused) this.disconnect() // the same identity would only be refused again
        this.view.changed()
    }
  }

  private receive(line: Line): void {
    const changed = this.transcript.add(line)
    if (!changed.length) return
    if (line.direction === 'in' && line.cid && line.seq) this.outbox.remove(line.cid)
    else this.showTyping(false)
    if (this.hasCaughtUp && line.direction !== 'in' && !this.isOpen) this.unread++
    if (line.kind === 'agent' && this.situation && this.situation.situation !== 'active' && this.hasCaughtUp) {
      this.situation = { type: 'situation', situation: 'active', place: null, wait_s: null }
    }
    this.view.entries(changed, !this.hasCaughtUp)
    this.view.changed()
    this.mark()
  }

  /** Once per visit, and again after a conversation ended, so that the flow can greet. */
  private announce(): void {
    const state = this.situation?.situation
    if (!this.isOpen || !this.isConnected || (state !== 'none' && state !== 'closed')) return
    if (this.session.get('announced')) return
    this.session.set('announced', newId())
    this.keep({ type: 'opened', cid: this.session.get('announced')! })
  }

  private keep(frame: Kept, files: SharedFile[] = []): void {
    this.outbox.add({ frame, at: Date.now(), files })
    this.show(frame, files)
    this.connection.send(frame)
  }

  private show(frame: Kept, files: SharedFile[] = []): void {
    if (frame.type !== 'message') return
    this.view.entries([this.transcript.addOwn(frame.cid, frame.text, files)], false)
  }

  private settle(cid: string, changed: Entry[]): void {
    if (this.outbox.find(cid)?.frame.type === 'offline') this.formState = 'sent'
    this.outbox.remove(cid)
    if (changed.length) this.view.entries(changed, false)
    this.view.changed()
  }

  private showTyping(on: boolean): void {
    clearTimeout(this.shownTimer)
    if (on) this.shownTimer = setTimeout(() => this.showTyping(false), TYPING_SHOWN_MS)
    if (this.isTyping === on) return
    this.isTyping = on
    this.view.changed()
  }
}
