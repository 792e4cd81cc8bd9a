/** Keeps one WebSocket to the hub alive: hello, heartbeat, back-off, and word of how the line is. */
import { decode, type ByeCode, type Inbound, type Outbound, type Signal } from './frames'
import { Replica, type Step } from './replica'

export const PING_MS = 5000
const SILENCE_MS = 2 * PING_MS + 1000 // two pings missed
const BACK_OFF_MS = { first: 300, most: 5000 }

export type LineState = 'connecting' | 'up' | 'lost' | 'ended'

/** What of a WebSocket is used, so that tests can bring their own. */
export interface Socket {
  send(data: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
}

export interface Listener {
  onStep: (step: Step) => void
  onSignal: (signal: Signal) => void
  onState: (state: LineState) => void
  onBye: (code: ByeCode) => void
}

export class Line {
  private readonly replica = new Replica()
  private socket: Socket | null = null
  private attempts = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private hasEnded = false

  constructor(
    private readonly open: () => Socket,
    private readonly listener: Listener,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    this.listener.onState('connecting')
    this.connect()
  }

  /** Close for good. */
  stop(): void {
    this.hasEnded = true
    clearTimeout(this.retryTimer)
    this.drop()
    this.listener.onState('ended')
  }

  /** The machine says it is offline: do not wait for the heartbeat to find out. */
  cut(): void {
    if (!this.hasEnded) this.lose()
  }

  /** Try now instead of waiting for the back-off to end. */
  hurry(): void {
    if (this.hasEnded || this.socket) return
    this.connect()
  }

  send(frame: Outbound): void {
    try {
      this.socket?.send(JSON.stringify(frame))
    } catch {
      // still connecting or closing: hello comes with the next connection, the rest may be lost
    }
  }

  private connect(): void {
    clearTimeout(this.retryTimer)
    const socket = this.open()
    this.socket = socket
    this.expectSound()
    socket.onopen = () => this.send(this.replica.hello())
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(event.data)
    }
    socket.onclose = () => {
      if (socket === this.socket) this.lose()
    }
  }

  private receive(data: unknown): void {
    this.expectSound()
    const frame = decode(data)
    if (frame) this.take(frame)
  }

  private take(frame: Inbound): void {
    if (frame.type === 'ping') return this.send({ type: 'pong' })
    if (frame.type === 'signal') return this.listener.onSignal(frame)
    if (frame.type === 'bye') return this.leave(frame.code)
    const step = this.replica.receive(frame)
    if (step.kind === 'gap') this.send(this.replica.hello())
    if (step.kind === 'snapshot' || step.kind === 'resumed') {
      this.attempts = 0
      this.listener.onState('up')
    }
    this.listener.onStep(step)
  }

  private leave(code: ByeCode): void {
    if (code === 'logged_out' || code === 'replaced') this.stop() // after anything else a browser just connects again
    this.listener.onBye(code)
  }

  private expectSound(): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => this.lose(), SILENCE_MS)
  }

  private lose(): void {
    if (this.hasEnded) return
    this.drop()
    this.listener.onState('lost')
    clearTimeout(this.retryTimer)
    const wait = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** this.attempts++)
    this.retryTimer = setTimeout(() => this.connect(), wait * (0.5 + this.random() / 2))
  }

  private drop(): void {
    clearTimeout(this.silenceTimer)
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}
