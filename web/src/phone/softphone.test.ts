import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/api/client'
import { MicrophoneFault } from '@/phone/microphone'
import { Softphone, type SipCall, type SoundEvents, type UserAgentEvents, type World } from '@/phone/softphone'

class FakeTrack {
  enabled = true
  isStopped = false
  stop = () => (this.isStopped = true)
}

class FakeStream {
  readonly tracks = [new FakeTrack()]
  copies: FakeStream[] = []
  getTracks = () => this.tracks
  clone = () => {
    const copy = new FakeStream()
    this.copies.push(copy)
    return copy
  }
}

class FakeCall implements SipCall {
  sounds: SoundEvents | null = null
  refused: string | null = null
  isHungUp = false
  private ended: () => void = () => undefined
  constructor(
    readonly callId: string,
    readonly isAuto = false,
    readonly legId = `leg-${callId}`,
    readonly caller = '13812346721',
    readonly role = 'agent',
  ) {}
  answer = (_stream: MediaStream, events: SoundEvents) => (this.sounds = events)
  refuse = (isBusy: boolean) => (this.refused = isBusy ? 'busy' : 'declined')
  hangUp = () => (this.isHungUp = true)
  onEnd = (act: () => void) => (this.ended = act)
  end = () => this.ended()
}

function makePhone(change: Partial<World> = {}) {
  const microphone = new FakeStream()
  const agents: { events: UserAgentEvents; registrations: number; isStopped: boolean }[] = []
  const played: unknown[] = []
  const broken: string[] = []
  const revoke = vi.fn(async () => undefined)
  const issue = vi.fn(async (_insteadOf?: string) => ({ phone_id: 'p1', secret: 's', path: '/sip', domain: 'd' }))
  const world: World = {
    issue,
    revoke,
    connect: async (_account, events) => {
      const agent = { events, registrations: 0, isStopped: false }
      agents.push(agent)
      return { register: () => agent.registrations++, stop: () => (agent.isStopped = true) }
    },
    listen: async () => microphone as unknown as MediaStream,
    play: (sound) => played.push(sound),
    now: () => 1000,
    ...change,
  }
  const phone = new Softphone(world, () => undefined, (callId) => broken.push(callId))
  return { phone, agents, microphone, played, broken, revoke, issue }
}

async function registered(change: Partial<World> = {}) {
  const made = makePhone(change)
  made.phone.start()
  await vi.advanceTimersByTimeAsync(0)
  made.agents[0].events.onRegistered()
  return { ...made, ring: (call: FakeCall) => made.agents[0].events.onCall(call) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('registering', () => {
  it('takes an account and the microphone, and is ready', async () => {
    const { phone } = await registered()
    expect(phone.state).toBe('ready')
  })

  it('is no phone where there is no telephony, and asks for no microphone', async () => {
    const listen = vi.fn()
    const { phone } = makePhone({ issue: async () => Promise.reject(new ApiError('no_telephony', 409)), listen })
    phone.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([phone.state, listen.mock.calls.length]).toEqual(['none', 0])
  })

  it('waits for the agent before the browser asks for the microphone', async () => {
    const listen = vi.fn(async (mayAsk: boolean) => {
      if (!mayAsk) throw new MicrophoneFault('ask')
      return new FakeStream() as unknown as MediaStream
    })
    const { phone, agents, issue } = makePhone({ listen })
    phone.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([phone.state, agents.length]).toEqual(['ask', 0])
    phone.start(true)
    await vi.advanceTimersByTimeAsync(0)
    expect([agents.length, issue.mock.calls.length]).toEqual([1, 1])
  })

  it('tries again with growing pauses, and starts small after a success', async () => {
    const { phone, agents } = await registered()
    const [agent] = agents
    agent.events.onFailed(0)
    expect(phone.state).toBe('away')
    await vi.advanceTimersByTimeAsync(1000)
    expect(agent.registrations).toBe(1)
    agent.events.onFailed(503)
    await vi.advanceTimersByTimeAsync(1000)
    expect(agent.registrations).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(agent.registrations).toBe(2)
    agent.events.onRegistered()
    agent.events.onFailed(0)
    await vi.advanceTimersByTimeAsync(1000)
    expect(agent.registrations).toBe(3)
  })

  it('takes another account when its engine stays away, but not while a call goes on', async () => {
    const { phone, agents, issue, ring } = await registered()
    const call = new FakeCall('c1')
    ring(call)
    agents[0].events.onDisconnected()
    agents[0].events.onDisconnected()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([phone.state, agents[0].isStopped, issue.mock.calls.length]).toEqual(['away', false, 1])
    call.end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([agents[0].isStopped, issue.mock.calls.length, agents.length]).toEqual([true, 2, 2])
    agents[1].events.onRegistered()
    agents[1].events.onDisconnected()
    agents[1].events.onRegistered()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([phone.state, issue.mock.calls.length]).toEqual(['ready', 2])
  })

  it('gives way to another browser that has the account', async () => {
    const { phone, agents, issue } = await registered()
    for (let count = 0; count < 6; count++) agents[0].events.onFailed(403)
    expect(phone.state).toBe('taken')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(agents[0].registrations).toBe(0)
    phone.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(issue).toHaveBeenCalledTimes(2)
    expect(agents[0].isStopped).toBe(true)
  })

  it('leaves the account alone that another browser took while this one was away', async () => {
    const issue = vi.fn(async (insteadOf?: string) => {
      if (insteadOf) throw new ApiError('taken', 409)
      return { phone_id: 'p1', secret: 's', path: '/sip', domain: 'd' }
    })
    const { phone, agents } = await registered({ issue })
    agents[0].events.onDisconnected()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([phone.state, issue.mock.calls]).toEqual(['taken', [[undefined], ['p1']]])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(issue).toHaveBeenCalledTimes(2)
    phone.start() // as the agent wishes
    await vi.advanceTimersByTimeAsync(0)
    expect(issue).toHaveBeenLastCalledWith(undefined)
  })

  it('asks the hub again when it could not be reached', async () => {
    let count = 0
    const issue = async () => {
      if (!count++) throw new ApiError('network', 0)
      return { phone_id: 'p1', secret: 's', path: '/sip', domain: 'd' }
    }
    const { phone, agents } = makePhone({ issue })
    phone.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(phone.state).toBe('away')
    await vi.advanceTimersByTimeAsync(1000)
    expect(agents.length).toBe(1)
  })

  it('ends the account with the shift, and lets go of the microphone', async () => {
    const { phone, agents, microphone, revoke } = await registered()
    await phone.stop()
    expect([phone.state, agents[0].isStopped, microphone.tracks[0].isStopped]).toEqual(['off', true, true])
    expect(revoke).toHaveBeenCalledOnce()
    agents[0].events.onRegistered() // comes late
    expect(phone.state).toBe('off')
  })

  it('leaves the account alone when another window has it', async () => {
    const { phone, revoke } = await registered()
    await phone.stop(false)
    expect(revoke).not.toHaveBeenCalled()
  })

  it('drops what a start still waited for when the shift ended meanwhile', async () => {
    const { phone, agents } = makePhone()
    phone.start()
    await phone.stop()
    await vi.advanceTimersByTimeAsync(0)
    expect([phone.state, agents.length]).toEqual(['off', 0])
  })
})

describe('calls', () => {
  it('rings until the agent answers, and plays the far end', async () => {
    const { phone, ring, played } = await registered()
    const call = new FakeCall('c1')
    ring(call)
    expect(phone.handset).toMatchObject({ callId: 'c1', state: 'ringing' })
    phone.answer()
    expect(phone.handset?.state).toBe('answering')
    const sound = {} as MediaStream
    call.sounds!.onSound(sound)
    call.sounds!.onTalking()
    expect(phone.handset?.state).toBe('talking')
    expect(played.at(-1)).toBe(sound)
    call.end()
    expect([phone.handset, played.at(-1)]).toEqual([null, null])
  })

  it('answers by itself what says so', async () => {
    const { phone, ring } = await registered()
    ring(new FakeCall('c1', true))
    expect(phone.handset?.state).toBe('answering')
  })

  it('answers a call that was accepted before it rang', async () => {
    const { phone, ring } = await registered()
    phone.expect('c1')
    const other = new FakeCall('c0')
    ring(other)
    expect(phone.handset?.state).toBe('ringing')
    other.end()
    ring(new FakeCall('c1'))
    expect(phone.handset?.state).toBe('answering')
  })

  it('answers a call that is accepted while it rings', async () => {
    const { phone, ring } = await registered()
    ring(new FakeCall('c1'))
    phone.expect('c1')
    expect(phone.handset?.state).toBe('answering')
  })

  it('is busy for a second call', async () => {
    const { phone, ring } = await registered()
    ring(new FakeCall('c1', true))
    const second = new FakeCall('c2')
    ring(second)
    expect([second.refused, phone.handset?.callId]).toEqual(['busy', 'c1'])
  })

  it('gives the old way up when it is called into the same call again', async () => {
    const { phone, ring } = await registered()
    const [old, fresh] = [new FakeCall('c1', true, 'leg-1'), new FakeCall('c1', true, 'leg-2')]
    ring(old)
    ring(fresh)
    expect(old.isHungUp).toBe(true)
    old.end() // the old one's end is not the new one's
    expect(phone.handset?.legId).toBe('leg-2')
  })

  it('refuses what rings, and only that', async () => {
    const { phone, ring } = await registered()
    const call = new FakeCall('c1')
    ring(call)
    phone.refuse()
    expect([call.refused, phone.handset]).toEqual(['declined', null])
    const answered = new FakeCall('c2', true)
    ring(answered)
    phone.refuse()
    expect([answered.refused, phone.handset?.callId]).toEqual([null, 'c2'])
  })

  it('mutes the call alone: the next one is heard again', async () => {
    const { phone, ring, microphone } = await registered()
    const call = new FakeCall('c1', true)
    ring(call)
    phone.mute(true)
    expect([microphone.copies[0].tracks[0].enabled, phone.handset?.isMuted]).toEqual([false, true])
    phone.mute(false)
    expect(microphone.copies[0].tracks[0].enabled).toBe(true)
    phone.mute(true)
    call.end()
    ring(new FakeCall('c2', true))
    expect([microphone.copies[1].tracks[0].enabled, phone.handset?.isMuted]).toEqual([true, false])
    expect(microphone.copies[0].tracks[0].isStopped).toBe(true)
  })

  it('tells when the way of the sound broke', async () => {
    const { ring, broken } = await registered()
    const call = new FakeCall('c1', true)
    ring(call)
    call.sounds!.onBroken()
    expect(broken).toEqual(['c1'])
  })

  it('keeps a call that goes on when registering is refused', async () => {
    const { phone, agents, ring } = await registered()
    const call = new FakeCall('c1', true)
    ring(call)
    for (let count = 0; count < 6; count++) agents[0].events.onFailed(403)
    expect([phone.state, agents[0].isStopped, call.isHungUp]).toEqual(['taken', false, false])
  })
})

describe('a second call', () => {
  const colleague = (callId: string, isAuto = false) => new FakeCall(callId, isAuto, `leg-${callId}`, '李强', 'colleague')

  it('of a colleague waits while the agent talks with a citizen', async () => {
    const { phone, ring } = await registered()
    ring(new FakeCall('c1', true))
    const second = colleague('c2')
    ring(second)
    expect([second.refused, phone.handset?.callId, phone.waiting]).toMatchObject([null, 'c1', { callId: 'c2', state: 'ringing' }])
    const third = colleague('c3')
    ring(third)
    expect(third.refused).toBe('busy')
    phone.refuse()
    expect([second.refused, phone.waiting, phone.handset?.callId]).toEqual(['declined', null, 'c1'])
  })

  it('is the one refused where it waits, though the first one rings, too', async () => {
    const { phone, ring } = await registered()
    const [first, second] = [colleague('c1'), new FakeCall('c2')]
    ring(first)
    ring(second)
    expect([phone.handset?.state, phone.waiting?.state]).toEqual(['ringing', 'ringing'])
    phone.refuseWaiting()
    expect([first.refused, second.refused, phone.handset?.callId, phone.waiting]).toEqual([null, 'declined', 'c1', null])
  })

  it('is answered while the first one is parked and hears nothing of it', async () => {
    const { phone, ring, microphone, played } = await registered()
    const [first, second] = [new FakeCall('c1', true), colleague('c2')]
    ring(first)
    first.sounds!.onSound('first' as unknown as MediaStream)
    first.sounds!.onTalking()
    ring(second)
    phone.change()
    second.sounds!.onSound('second' as unknown as MediaStream)
    second.sounds!.onTalking()
    expect([phone.handset, phone.waiting]).toMatchObject([{ callId: 'c2', state: 'talking' }, { callId: 'c1', state: 'parked' }])
    expect(microphone.copies.map((copy) => copy.tracks[0].enabled)).toEqual([false, true])
    expect(played.at(-1)).toBe('second')
    phone.change()
    expect([phone.handset?.callId, phone.waiting?.callId, played.at(-1)]).toEqual(['c1', 'c2', 'first'])
    expect(microphone.copies.map((copy) => copy.tracks[0].enabled)).toEqual([true, false])
  })

  it('leaves the first one to the agent again when it is over', async () => {
    const { phone, ring, microphone, played } = await registered()
    const [first, second] = [new FakeCall('c1', true), colleague('c2')]
    ring(first)
    first.sounds!.onSound('first' as unknown as MediaStream)
    first.sounds!.onTalking()
    phone.mute(true)
    ring(second)
    phone.change()
    second.end()
    expect([phone.handset, phone.waiting, played.at(-1)]).toMatchObject([{ callId: 'c1', state: 'talking', isMuted: true }, null, 'first'])
    expect(microphone.copies[0].tracks[0].enabled).toBe(false)
  })

  it('of a citizen rings beside one with a colleague, and takes over when that is hung up', async () => {
    const { phone, ring } = await registered()
    const [first, second] = [colleague('c1', true), new FakeCall('c2')]
    ring(first)
    ring(second)
    phone.hangUp()
    expect([first.isHungUp, phone.handset, phone.waiting]).toMatchObject([true, { callId: 'c2', state: 'ringing' }, null])
  })

  it('that was accepted on the screen is answered at once', async () => {
    const { phone, ring } = await registered()
    const [first, second] = [colleague('c1', true), new FakeCall('c2')]
    ring(first)
    ring(second)
    phone.expect('c2')
    expect([phone.handset, phone.waiting]).toMatchObject([{ callId: 'c2', state: 'answering' }, { callId: 'c1', state: 'parked' }])
  })

  it('taken before a colleague who rings leaves that one ringing, never answered', async () => {
    const { phone, ring } = await registered()
    const [first, second] = [colleague('c1'), new FakeCall('c2')]
    ring(first)
    ring(second)
    phone.change()
    expect([phone.handset, phone.waiting]).toMatchObject([{ callId: 'c2', state: 'answering' }, { callId: 'c1', state: 'ringing' }])
    second.end()
    expect([first.sounds, phone.handset, phone.waiting]).toMatchObject([null, { callId: 'c1', state: 'ringing' }, null])
  })

  it('of which the hub knows nothing is answered by nobody but the agent', async () => {
    const { phone, ring } = await registered()
    ring(colleague('c1', true))
    ring(new FakeCall(''))
    expect([phone.handset?.callId, phone.waiting]).toMatchObject(['c1', { callId: '', state: 'ringing' }])
  })

  it('stays parked when the hub calls again into the parked one', async () => {
    const { phone, ring, microphone, played } = await registered()
    const [first, second, again] = [new FakeCall('c1', true), colleague('c2'), new FakeCall('c1', true, 'leg-again')]
    ring(first)
    ring(second)
    phone.change()
    second.sounds!.onSound('second' as unknown as MediaStream)
    second.sounds!.onTalking()
    ring(again)
    again.sounds!.onSound('again' as unknown as MediaStream)
    again.sounds!.onTalking()
    expect([again.refused, first.isHungUp, second.isHungUp]).toEqual([null, true, false])
    expect([phone.handset, phone.waiting]).toMatchObject([{ callId: 'c2', state: 'talking' }, { legId: 'leg-again', state: 'parked' }])
    expect(microphone.copies.map((copy) => copy.tracks[0].enabled)).toEqual([false, true, false])
    expect(played.at(-1)).toBe('second')
    second.end()
    expect([phone.handset, played.at(-1)]).toMatchObject([{ legId: 'leg-again', state: 'talking' }, 'again'])
    expect(microphone.copies[2].tracks[0].enabled).toBe(true)
  })

  it('is gone as soon as whoever called gives up', async () => {
    const { phone, ring } = await registered()
    const second = colleague('c2')
    ring(new FakeCall('c1', true))
    ring(second)
    second.end()
    expect([phone.handset?.callId, phone.waiting]).toEqual(['c1', null])
  })

  it('ends with the shift like the first', async () => {
    const { phone, ring } = await registered()
    const [first, second] = [new FakeCall('c1', true), colleague('c2')]
    ring(first)
    ring(second)
    await phone.stop()
    expect([first.isHungUp, second.isHungUp, phone.handset, phone.waiting]).toEqual([true, true, null, null])
  })
})
