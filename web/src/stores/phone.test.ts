import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { AgentView, CallLegView, ConversationView, Me } from '@/api/types'
import type { SipCall, UserAgentEvents } from '@/phone/softphone'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { useSession } from '@/stores/session'

const agents: UserAgentEvents[] = []
vi.mock('@/phone/user_agent', () => ({
  connect: (_account: unknown, events: UserAgentEvents) => {
    agents.push(events)
    return { register: () => undefined, stop: () => undefined }
  },
}))
vi.mock('@/phone/microphone', async (original) => ({
  ...(await original<object>()),
  openMicrophone: async () => ({ getTracks: () => [], clone: () => ({ getTracks: () => [] }) }),
}))

const AT = '2026-11-20T08:00:00Z'
const CALLER: CallLegView = { leg_id: 'l-caller', role: 'caller', state: 'answered' }
const MINE: CallLegView = { leg_id: 'l-me', role: 'agent', user_id: 'me', state: 'answered', does: 'talk', room: 'main' }
const ZHOU: AgentView = { agent_id: 'me', display_name: '周敏', work_number: '3021', state: 'available', since: AT }

let sent: string[] = []
let fails: Record<string, string> = {}
let hub: { say: (tables: object) => void }

function conversation(...legs: CallLegView[]): ConversationView {
  return {
    conversation_id: 'v1', contact_id: 'k1', instance: 'voice-main', channel: 'tel', address: 'tel:+8613812346721',
    state: 'active', agent_id: 'me', opened_at: AT, call: { call_id: 'c1', arrived_at: AT, legs: [CALLER, ...legs] },
  }
}

function incoming(legId: string, { callId = 'c1', role = 'agent', isAuto = true } = {}) {
  const call = {
    callId, legId, role, caller: '1', isAuto, refuse: vi.fn(), hangUp: vi.fn(), end: () => undefined as void,
    onEnd: (act: () => void) => void (call.end = act),
    answer: ((_stream, events) => events.onTalking()) as SipCall['answer'],
  }
  return call
}

/** Sit down at a desk whose hub has telephony, with what else is in its tables. */
async function sitDown(tables: object = {}, { hasPhones = true } = {}) {
  useSession().me = { user_id: 'me', is_agent: true, permissions: [] } as unknown as Me
  const desk = useDesk()
  const phone = usePhone()
  desk.start()
  await vi.advanceTimersByTimeAsync(0)
  hub.say({ agents: { me: ZHOU }, setup: { phone: { is_available: hasPhones } }, ...tables })
  await vi.advanceTimersByTimeAsync(100)
  agents[0]?.onRegistered()
  await vi.advanceTimersByTimeAsync(0)
  return { desk, phone }
}

beforeEach(() => {
  vi.useFakeTimers()
  agents.length = 0
  sent = []
  fails = {}
  localStorage.clear()
  setActivePinia(createPinia())
  vi.stubGlobal('WebSocket', class {
    onopen: (() => void) | null = null
    onmessage: ((event: { data: string }) => void) | null = null
    constructor() {
      hub = { say: (tables) => this.onmessage?.({ data: JSON.stringify({ type: 'snapshot', epoch: '1', seq: 1, tables }) }) }
      setTimeout(() => this.onopen?.(), 0)
    }
    send(): void {}
    close(): void {}
  })
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const name = `${init.method} ${path.replace('/api/v1', '')}`
    sent.push(name)
    if (fails[name]) return new Response(JSON.stringify({ error: { code: fails[name] } }), { status: 409 })
    if (name === HOLD) {
      const held = conversation(MINE)
      return new Response(JSON.stringify({ ...held, call: { ...held.call, ...JSON.parse(String(init.body)) } }))
    }
    if (name === 'POST /phone') return new Response(JSON.stringify({ phone_id: 'p1', secret: 's', path: '/sip', domain: 'd' }))
    return new Response(name.endsWith('/reattach') ? JSON.stringify(conversation({ ...MINE, leg_id: 'l-new', state: 'dialling' })) : '')
  })
})
afterEach(async () => {
  useDesk().stop()
  await vi.advanceTimersByTimeAsync(10)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const REATTACH = 'POST /conversations/v1/call/reattach'
const HOLD = 'PUT /conversations/v1/call/hold'

it('registers when the shift begins and ends the account with it', async () => {
  const { desk, phone } = await sitDown()
  expect([sent, phone.state, phone.isShown]).toEqual([['POST /phone'], 'ready', true])
  desk.put('agents', 'me', { ...ZHOU, state: 'offline' })
  await vi.advanceTimersByTimeAsync(10)
  expect([sent.at(-1), phone.state, phone.isShown]).toEqual(['DELETE /phone', 'off', false])
})

it('is no phone where the hub has no telephony, or before the shift', async () => {
  const { phone } = await sitDown({}, { hasPhones: false })
  expect([sent, phone.isShown]).toEqual([[], false])
})

it('comes back into its call after a reload, without the agent', async () => {
  localStorage.setItem('lianxin.call', 'c1')
  const { phone } = await sitDown({ conversations: { v1: conversation(MINE) } })
  await vi.advanceTimersByTimeAsync(300)
  expect(sent).toEqual(['POST /phone', REATTACH])
  agents[0].onCall(incoming('l-new'))
  expect(phone.handset).toMatchObject({ callId: 'c1', legId: 'l-new', state: 'talking' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent.filter((one) => one === REATTACH)).toHaveLength(1)
})

it('asks again while the engine has not told that the phone is there', async () => {
  localStorage.setItem('lianxin.call', 'c1')
  fails[REATTACH] = 'no_phone'
  await sitDown({ conversations: { v1: conversation(MINE) } })
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent.filter((one) => one === REATTACH)).toHaveLength(2)
})

it('leaves alone a call that a telephone on the table has', async () => {
  await sitDown({ conversations: { v1: conversation(MINE) } })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sent).toEqual(['POST /phone'])
})

it('forgets a call that ended while the page was there', async () => {
  const { phone, desk } = await sitDown({ conversations: { v1: conversation(MINE) } })
  const call = incoming('l-me')
  agents[0].onCall(call)
  expect(localStorage.getItem('lianxin.call')).toBe('c1')
  call.end()
  desk.put('conversations', 'v1', conversation(MINE)) // the hub's word comes a moment later
  await vi.advanceTimersByTimeAsync(10_000)
  expect([phone.handset, sent.includes(REATTACH)]).toEqual([null, false])
})

it('hangs up what the hub says is over when SIP does not', async () => {
  const { desk, phone } = await sitDown({ conversations: { v1: conversation(MINE) } })
  const call = incoming('l-me')
  agents[0].onCall(call)
  desk.put('conversations', 'v1', { ...conversation(), state: 'wrap_up' })
  await vi.advanceTimersByTimeAsync(3000)
  expect(phone.handset).not.toBeNull()
  await vi.advanceTimersByTimeAsync(2000)
  expect([phone.handset, call.hangUp.mock.calls.length]).toEqual([null, 1])
})

it.each([
  ['hears music while the agent talks with a colleague', false, true, 'c2'],
  ['is back at once when the colleague hangs up meanwhile', true, false, 'c1'],
])('the citizen %s', async (_, givesUp, isHeld, callId) => {
  const { desk, phone } = await sitDown({ conversations: { v1: conversation(MINE) } })
  agents[0].onCall(incoming('l-me'))
  const second = incoming('l-second', { callId: 'c2', role: 'colleague', isAuto: false })
  agents[0].onCall(second)
  const changing = phone.change()
  if (givesUp) second.end()
  await changing
  expect([desk.conversations.get('v1')?.call?.is_held, phone.handset?.callId]).toEqual([isHeld, callId])
})
