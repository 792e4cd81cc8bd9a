/** The phone of one shift: registers, comes back by itself after every break, and holds at most one call. */
import { ApiError } from '@/api/client'
import type { PhoneAccount } from '@/api/phone'
import { MicrophoneFault, type MicrophoneTrouble } from '@/phone/microphone'

/** `none`: the hub has no telephony; `away`: tries again; `taken`: another browser has the account now. */
export type PhoneState = 'off' | 'none' | 'connecting' | 'ready' | 'away' | 'taken' | MicrophoneTrouble

/** The call on this phone; `isAuto` was answered without the agent. */
export interface Handset {
  callId: string
  legId: string
  caller: string
  state: 'ringing' | 'answering' | 'talking'
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
  issue: () => Promise<PhoneAccount>
  revoke: () => Promise<void>
  connect: (account: PhoneAccount, events: UserAgentEvents) => Promise<UserAgent>
  /** Return the microphone; `mayAsk` after the agent has been told why. Throws a MicrophoneFault. */
  listen: (mayAsk: boolean) => Promise<MediaStream>
  /** Let the agent hear the far end; null is silence. */
  play: (sound: MediaStream | null) => void
  now: () => number
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000
const MAX_REJECTIONS = 6 // a fresh account takes a moment to reach the engine
const REJECTED = [401, 403, 404]

export class Softphone {
  state: PhoneState = 'off'
  handset: Handset | null = null

  private account: PhoneAccount | null = null
  private agent: UserAgent | null = null
  private microphone: MediaStream | null = null
  private call: SipCall | null = null
  private voice: MediaStream | null = null // this call's own copy of the microphone, which mute silences
  private expected = ''
  private rejections = 0
  private delayMs = FIRST_RETRY_MS
  private timer: ReturnType<typeof setTimeout> | undefined
  private run = 0 // what an earlier start still waits for is of no interest to a later one

  constructor(
    private readonly world: World,
    private readonly onChange: () => void,
    /** The sound of a call that goes on was lost. */
    private readonly onBroken: (callId: string) => void = () => undefined,
  ) {}

  /** Register for the shift; `mayAsk` the agent for the microphone now. */
  start(mayAsk = false): void {
    if (['connecting', 'ready', 'away'].includes(this.state)) return
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
  }

  answer(): void {
    const { call, handset, microphone } = this
    if (!call || !handset || handset.state !== 'ringing' || !microphone) return
    this.expected = ''
    this.voice = microphone.clone()
    this.voice.getTracks().forEach((track) => (track.enabled = true))
    this.show({ state: 'answering' })
    call.answer(this.voice, {
      onTalking: () => call === this.call && this.show({ state: 'talking', since: this.world.now() }),
      onSound: (sound) => call === this.call && this.world.play(sound),
      onBroken: () => call === this.call && this.onBroken(call.callId),
    })
  }

  /** Refuse what rings. */
  refuse(): void {
    if (this.handset?.state !== 'ringing') return
    this.call?.refuse(false)
    this.forget()
  }

  hangUp(): void {
    this.end()
  }

  mute(isMuted: boolean): void {
    if (!this.voice) return
    this.voice.getTracks().forEach((track) => (track.enabled = !isMuted))
    this.show({ isMuted })
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
      const account = this.account ?? (await this.world.issue())
      if (mark !== this.run) return
      this.account = account
      const microphone = this.microphone ?? (await this.world.listen(mayAsk))
      if (mark !== this.run) return microphone.getTracks().forEach((track) => track.stop())
      this.microphone = microphone
      const agent = await this.world.connect(account, {
        onRegistered: () => mark === this.run && this.registered(),
        onFailed: (status) => mark === this.run && this.failed(status),
        onDisconnected: () => mark === this.run && this.become('away'),
        onCall: (call) => (mark === this.run ? this.ring(call) : call.refuse(true)),
      })
      if (mark === this.run) this.agent = agent
      else agent.stop()
    } catch (error) {
      if (mark !== this.run) return
      if (error instanceof MicrophoneFault) this.become(error.trouble)
      else if (error instanceof ApiError && error.code === 'no_telephony') this.become('none')
      else {
        this.become('away')
        this.later(() => void this.connect(mark, mayAsk))
      }
    }
  }

  private registered(): void {
    this.rejections = 0
    this.delayMs = FIRST_RETRY_MS
    this.become('ready')
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
    const isSame = this.call !== null && call.callId !== '' && this.call.callId === call.callId
    if (this.call && !isSame) return call.refuse(true)
    this.end() // the hub calls again into the same call: the old way to it is given up
    this.call = call
    const { callId, legId, caller, isAuto } = call
    this.handset = { callId, legId, caller, isAuto, state: 'ringing', isMuted: false, since: this.world.now() }
    call.onEnd(() => call === this.call && this.forget())
    this.onChange()
    if (isAuto || (callId !== '' && callId === this.expected)) this.answer()
  }

  private end(): void {
    const { call } = this
    if (!call) return
    this.forget()
    call.hangUp()
  }

  private forget(): void {
    this.call = null
    this.handset = null
    this.voice?.getTracks().forEach((track) => track.stop())
    this.voice = null
    this.world.play(null)
    this.onChange()
  }

  private show(change: Partial<Handset>): void {
    if (!this.handset) return
    this.handset = { ...this.handset, ...change }
    this.onChange()
  }

  private become(state: PhoneState): void {
    if (this.state === state) return
    this.state = state
    this.onChange()
  }
}
