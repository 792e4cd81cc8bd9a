/** Keeps one conversation connected: WebSocket, else event stream and posts; back-off, resume, signs of life. */
import type { ClientFrame, Hello, ServerFrame } from './frames.ts'

const SILENCE_MS = 50_000 // the server pings every 20 s
const GREETING_MS = 10_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
const TRIES = 2 // of one way before the other one

interface Way {
  send(frame: ClientFrame): void
  close(): void
}

export interface Listener {
  /** The first frame of each connection, made when it opens. */
  hello(): Hello
  frame(frame: ServerFrame): void
  connected(is: boolean): void
}

export class Connection {
  private way: Way | null = null
  private isWelcome = false
  private failures = 0
  private usesStream = false
  private timer?: ReturnType<typeof setTimeout>
  private watch?: ReturnType<typeof setTimeout>
  private isWanted = false

  constructor(
    private readonly base: URL,
    private readonly listener: Listener,
  ) {}

  /** Connect and stay connected. */
  open(): void {
    if (this.isWanted) return
    this.isWanted = true
    addEventListener('online', this.hurry)
    addEventListener('offline', this.cut)
    document.addEventListener('visibilitychange', this.hurry)
    this.connect()
  }

  close(): void {
    this.isWanted = false
    removeEventListener('online', this.hurry)
    removeEventListener('offline', this.cut)
    document.removeEventListener('visibilitychange', this.hurry)
    this.drop()
    clearTimeout(this.timer)
  }

  /** Send now, or not at all: what must arrive is repeated by its owner at every welcome. */
  send(frame: ClientFrame): void {
    if (this.isWelcome) this.way?.send(frame)
  }

  private readonly hurry = (): void => {
    if (this.way || document.hidden) return
    clearTimeout(this.timer)
    this.connect()
  }

  /** The machine says that it is offline: do not wait for the silence to find out. */
  private readonly cut = (): void => {
    if (this.way) this.lost()
  }

  private connect(): void {
    const make = this.usesStream ? stream : socket
    this.expect(GREETING_MS)
    const way: Way = make(
      this.base,
      this.listener.hello(),
      (frame) => way === this.way && this.take(frame),
      () => way === this.way && this.lost(),
    )
    this.way = way
  }

  private take(frame: ServerFrame): void {
    this.expect(SILENCE_MS)
    if (frame.type === 'welcome') {
      this.isWelcome = true
      this.failures = 0
      this.listener.connected(true)
    }
    this.listener.frame(frame)
  }

  private lost(): void {
    const wasWelcome = this.isWelcome
    this.drop()
    if (!this.isWanted) return
    this.failures++
    if (!wasWelcome && this.failures % TRIES === 0) this.usesStream = !this.usesStream
    this.listener.connected(false)
    const step = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.failures - 1, 10))
    this.timer = setTimeout(() => this.connect(), step * (0.5 + Math.random() / 2))
  }

  private drop(): void {
    clearTimeout(this.watch)
    const way = this.way
    this.way = null
    this.isWelcome = false
    way?.close()
  }

  private expect(withinMs: number): void {
    clearTimeout(this.watch)
    this.watch = setTimeout(() => this.lost(), withinMs)
  }
}

type Take = (frame: ServerFrame) => void

function socket(base: URL, hello: Hello, take: Take, lost: () => void): Way {
  const url = new URL('ws', base)
  url.protocol = url.protocol.replace('http', 'ws')
  const web = new WebSocket(url)
  web.onopen = () => web.send(JSON.stringify(hello))
  web.onmessage = (event) => take(JSON.parse(event.data as string) as ServerFrame)
  web.onclose = lost
  return {
    send: (frame) => web.readyState === WebSocket.OPEN && web.send(JSON.stringify(frame)),
    close: () => web.close(),
  }
}

function stream(base: URL, hello: Hello, take: Take, lost: () => void): Way {
  let session: string | undefined
  let source: EventSource | undefined
  let isClosed = false
  // one post at a time keeps the frames in order; a body of plain text needs no permission of another site's server
  const post = async (frame: ClientFrame): Promise<void> => {
    if (isClosed) return
    const answer = await fetch(new URL('events', base), { method: 'POST', body: JSON.stringify({ session, frames: [frame] }) })
    if (!answer.ok) throw new Error(String(answer.status))
    const body = (await answer.json()) as { session: string; frames: ServerFrame[] }
    session = body.session
    body.frames.forEach(take)
  }
  let last = post(hello).then(() => {
    if (isClosed) return
    const url = new URL('sse', base)
    url.searchParams.set('session', session!)
    source = new EventSource(url)
    source.onmessage = (event) => take(JSON.parse(event.data as string) as ServerFrame)
    source.onerror = lost
  })
  last.catch(lost)
  return {
    send: (frame) => {
      last = last.then(() => post(frame))
      last.catch(lost)
    },
    close: () => {
      isClosed = true
      source?.close()
    },
  }
}
