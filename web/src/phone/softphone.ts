/** The phone of one shift: registers, comes back by itself after every break, and holds one call, beside it at most one that waits. */
import { ApiError } from '@/api/client'
import type { PhoneAccount } from '@/api/phone'
import { MicrophoneFault, type MicrophoneTrouble } from '@/phone/microphone'

/** `none`: the hub has no telephony; `away`: tries again; `taken`: another browser has the account now. */
export type PhoneState = 'off' | 'none' | 'connecting' | 'ready' | 'away' | 'taken' | MicrophoneTrouble

/** A call on this phone; `isAuto` was answered without the agent, `parked` waits while they talk in another one. */
export interface Handset {
  callId: string
  legId: string
  /** As what this phone is in the call: `colleague` in one between colleagues, `supervisor` of somebody else's … */
  role: string
  caller: string
  state: 'ringing' | 'answering' | 'talking' | 'parked'
  isAuto: boolean
  isMuted: boolean
  since: number
}

export interface SoundEvents {
  onTalking: () => void
  onSound: (stream: MediaStream) => void
  /** The way of the sound is lost for good. */
  onBroken: () => void
}

/** A call as SIP brings it. */
export interface SipCall {
  callId: string
  legId: string
  role: string
  caller: string
  isAuto: boolean
  answer: (stream: MediaStream, events: SoundEvents) => void
  refuse: (isBusy: boolean) => void
  hangUp: () => void
  onEnd: (act: () => void) => void
}

export interface UserAgent {
  register: () => void
  /** Unregister and go. */
  stop: () => void
}

export interface UserAgentEvents {
  onRegistered: () => void
  /** Registering failed, with the SIP status or 0 when there was no answer. */
  onFailed: (status: number) => void
  onDisconnected: () => void
  onCall: (call: SipCall) => void
}

/** What the phone needs of the world around it. */
export interface World {
  /** Take an account; `insteadOf` the one with this id only: refused as `taken` when another browser has one by now. */
  issue: (insteadOf?: string) => Promise<PhoneAccount>
  revoke: () => Promise<void>
  connect: (account: PhoneAccount, events: UserAgentEvents) => Promise<UserAgent>
  /** Return the microphone; `mayAsk` after the agent has been told why. Throws a MicrophoneFault. */
  listen: (mayAsk: boolean) => Promise<MediaStream>
  /** Let the agent hear the far end; null is silence. */
  play: (sound: MediaStream | null) => void
  now: () => number
}

/** A call with what this browser has for it: its own copy of the microphone, which mute silences, and its sound. */
interface Line {
  call: SipCall
  handset: Handset
  voice: MediaStream | null
  sound: MediaStream | null
}

const COLLEAGUE = 'colleague'
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000
const MOVE_MS = 60_000 // away for so long its engine may be gone for good: the hub has an account at another one, if there is any
const MAX_REJECTIONS = 6 // a fresh account takes a moment to reach the engine
const REJECTED = [401, 403, 404]

export class Softphone {
  state: PhoneState = 'off'

  private account: PhoneAccount | null = null
  private lost = '' // the account that is to be replaced, if no other browser has done so
  private agent: UserAgent | null = null
  private microphone: MediaStream | null = null
  private line: Line | null = null
  private other: Line | null = null // rings while the agent talks in `line`, or is parked
  private expected = ''
  private rejections = 0
  private delayMs = FIRST_RETRY_MS
  private timer: ReturnType<typeof setTimeout> | undefined
  private moving: ReturnType<typeof setTimeout> | undefined
  private run = 0 // what an earlier start still waits for is of no interest to a later one

  constructor(
    private readonly world: World,
    private readonly onChange: () => void,
    /** The sound of a call that goes on was lost. */
    private readonly onBroken: (callId: string) => void = () => undefined,
  ) {}

  get handset(): Handset | null {
    return this.line?.handset ?? null
  }

  /** The second call, with a colleague or beside one: ringing, or parked. */
  get waiting(): Handset | null {
    return this.other?.handset ?? null
  }

  /** Register for the shift; `mayAsk` the agent for the microphone now. */
  start(mayAsk = false): void {
    if (['connecting', 'ready', 'away'].includes(this.state)) return
    this.lost = ''
    this.rejections = 0
    this.delayMs = FIRST_RETRY_MS
    this.agent?.stop()
    this.agent = null
    void this.connect(++this.run, mayAsk)
  }

  /** Hang up, unregister and be gone; the account ends unless another browser has taken it over. */
  async stop(revokes = true): Promise<void> {
    if (this.state === 'off') return
    this.run++
    clearTimeout(this.timer)
    this.stay()
    this.other?.call.hangUp()
    this.drop(this.other)
    this.end()
    this.agent?.stop()
    this.agent = null
    this.microphone?.getTracks().forEach((track) => track.stop())
    this.microphone = null
    const hadAccount = this.account !== null
    this.account = null
    this.become('off')
    if (hadAccount && revokes) await this.world.revoke()
  }

  /** Answer call `callId`: now when it rings, else as soon as it does. */
  expect(callId: string): void {
    this.expected = callId
    if (this.handset?.state === 'ringing' && this.handset.callId === callId) this.answer()
    else if (this.waiting?.state === 'ringing' && this.waiting.callId === callId) this.change()
  }

  answer(): void {
    const { line, microphone } = this
    if (!line || line.handset.state !== 'ringing' || !microphone) return
    this.expected = ''
    this.take(line, microphone, 'answering')
  }

  /** Refuse what rings. */
  refuse(): void {
    this.turnAway([this.line, this.other].find((line) => line?.handset.state === 'ringing'))
  }

  /** Refuse the second call, if that is what rings. */
  refuseWaiting(): void {
    this.turnAway(this.other)
  }

  private turnAway(line: Line | null | undefined): void {
    if (line?.handset.state !== 'ringing') return
    line.call.refuse(false)
    this.drop(line)
  }

  /** Talk in the other call, which is answered if it rings; the one before rings on, or is parked: nobody in it hears the agent. */
  change(): void {
    const { line, other } = this
    if (!line || !other) return
    if (line.handset.state !== 'ringing') {
      this.hush(line, true)
      line.handset = { ...line.handset, state: 'parked' }
    }
    this.line = other
    this.other = line
    if (other.handset.state === 'ringing') {
      this.world.play(null)
      this.answer()
    } else this.resume(other)
  }

  hangUp(): void {
    this.end()
  }

  mute(isMuted: boolean): void {
    if (!this.line?.voice) return
    this.hush(this.line, isMuted)
    this.show(this.line, { isMuted })
  }

  /** Use another microphone from now on; a call that goes on keeps the one it has. */
  async changeMicrophone(): Promise<void> {
    if (!this.microphone) return
    const mark = this.run
    const microphone = await this.world.listen(true)
    if (mark !== this.run) return microphone.getTracks().forEach((track) => track.stop())
    this.microphone.getTracks().forEach((track) => track.stop())
    this.microphone = microphone
  }

  private async connect(mark: number, mayAsk: boolean): Promise<void> {
    this.become('connecting')
    try {
      const account = this.account ?? (await this.world.issue(this.lost || undefined))
      if (mark !== this.run) return
      this.lost = ''
      this.account = account
      const microphone = this.microphone ?? (await this.world.listen(mayAsk))
      if (mark !== this.run) return microphone.getTracks().forEach((track) => track.stop())
      this.microphone = microphone
      const agent = await this.world.connect(account, {
        onRegistered: () => mark === this.run && this.registered(),
        onFailed: (status) => mark === this.run && this.failed(status),
        onDisconnected: () => mark === this.run && this.disconnected(),
        onCall: (call) => (mark === this.run ? this.ring(call) : call.refuse(true)),
      })
      if (mark === this.run) this.agent = agent
      else agent.stop()
    } catch (error) {
      if (mark !== this.run) return
      if (error instanceof MicrophoneFault) this.become(error.trouble)
      else if (error instanceof ApiError && error.code === 'no_telephony') this.become('none')
      else if (error instanceof ApiError && error.code === 'taken') this.become('taken')
      else {
        this.become('away')
        this.later(() => void this.connect(mark, mayAsk))
      }
    }
  }

  private registered(): void {
    this.rejections = 0
    this.delayMs = FIRST_RETRY_MS
    this.stay()
    this.become('ready')
  }

  private disconnected(): void {
    this.become('away')
    this.moving ??= setTimeout(() => this.move(), MOVE_MS)
  }

  /** Take another account; a call that goes on here is left alone. */
  private move(): void {
    this.stay()
    if (this.state !== 'away') return
    if (this.line) return this.disconnected()
    this.agent?.stop()
    this.agent = null
    this.lost = this.account?.phone_id ?? this.lost
    this.account = null
    void this.connect(++this.run, false)
  }

  private stay(): void {
    clearTimeout(this.moving)
    this.moving = undefined
  }

  private failed(status: number): void {
    this.rejections += REJECTED.includes(status) ? 1 : 0
    if (this.rejections >= MAX_REJECTIONS) {
      clearTimeout(this.timer)
      this.account = null
      this.become('taken') // a call that goes on here is left alone, so the agent stays
      return
    }
    this.become('away')
    this.later(() => this.agent?.register())
  }

  private later(act: () => void): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(act, this.delayMs)
    this.delayMs = Math.min(this.delayMs * 2, LAST_RETRY_MS)
  }

  private ring(call: SipCall): void {
    const before = [this.line, this.other].find((line) => line && call.callId !== '' && line.call.callId === call.callId)
    if (this.line && !before && !this.mayWait(call)) return call.refuse(true)
    const { callId, legId, role, caller, isAuto } = call
    const handset: Handset = { callId, legId, role, caller, isAuto, state: 'ringing', isMuted: false, since: this.world.now() }
    const line: Line = { call, handset, voice: null, sound: null }
    call.onEnd(() => this.drop(line))
    const isSecond = before ? before === this.other : this.line !== null
    if (isSecond) this.other = line
    else this.line = line
    if (before) {
      this.silence(before) // the hub calls again into the same call: the old way to it is given up
      if (!isSecond) this.world.play(null)
      before.call.hangUp()
    }
    this.onChange()
    const isExpected = callId !== '' && callId === this.expected
    if (!isSecond && (isAuto || isExpected)) this.answer()
    else if (isSecond && isExpected) this.change()
    else if (before?.handset.state === 'parked' && isAuto && this.microphone) this.take(line, this.microphone, 'parked')
  }

  private take(line: Line, microphone: MediaStream, state: 'answering' | 'parked'): void {
    line.voice = microphone.clone()
    this.hush(line, state === 'parked')
    this.show(line, { state })
    line.call.answer(line.voice, {
      onTalking: () => line.handset.state === 'answering' && this.show(line, { state: 'talking', since: this.world.now() }),
      onSound: (sound) => {
        line.sound = sound
        if (line === this.line) this.world.play(sound)
      },
      onBroken: () => this.has(line) && this.onBroken(line.call.callId),
    })
  }

  /** Whether `call` may ring while the agent talks: one with a colleague does, and any beside one with a colleague. */
  private mayWait(call: SipCall): boolean {
    return !this.other && !call.isAuto && [call.role, this.line?.handset.role].includes(COLLEAGUE)
  }

  private end(): void {
    const { line } = this
    if (!line) return
    this.drop(line)
    line.call.hangUp()
  }

  /** `line` is over: the other one is the agent's again. */
  private drop(line: Line | null): void {
    if (!line || !this.has(line)) return
    this.silence(line)
    if (line === this.line) {
      this.line = this.other
      this.world.play(null)
    }
    this.other = null
    this.onChange()
    if (this.line?.handset.state === 'parked') this.resume(this.line)
  }

  private resume(line: Line): void {
    this.hush(line, line.handset.isMuted)
    this.world.play(line.sound)
    this.show(line, { state: 'talking' })
  }

  private has(line: Line): boolean {
    return line === this.line || line === this.other
  }

  private hush(line: Line, isMuted: boolean): void {
    line.voice?.getTracks().forEach((track) => (track.enabled = !isMuted))
  }

  private silence(line: Line): void {
    line.voice?.getTracks().forEach((track) => track.stop())
  }

  private show(line: Line, change: Partial<Handset>): void {
    line.handset = { ...line.handset, ...change }
    if (this.has(line)) this.onChange()
  }

  private become(state: PhoneState): void {
    if (this.state === state) return
    this.state = state
    this.onChange()
  }
}
