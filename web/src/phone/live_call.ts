/** What the desk's tables say of the call that concerns this agent now. */
import type { CallLegView, CallView, ConversationView } from '@/api/types'

/** `connecting`: my phone is being called; `calling`: the citizen's is; `aside`: I talk with somebody else while the citizen waits, or wait myself while they are in a flow. */
export type CallPhase = 'connecting' | 'calling' | 'talking' | 'held' | 'aside' | 'conference' | 'spying'

export interface LiveCall {
  conversation: ConversationView
  call: CallView
  phase: CallPhase
  /** My leg; none while the hub knows no phone of mine in the call. */
  mine: CallLegView | undefined
  /** Everybody else but supervisors who only listen. */
  others: CallLegView[]
}

export const isLive = (call: CallView | null | undefined): call is CallView => !!call && !call.ended_at && !!call.legs?.length

/** Return the call that `userId` serves, or else the one in which they take part as a supervisor. */
export function liveCallOf(conversations: Iterable<ConversationView>, userId: string): LiveCall | null {
  let spied: LiveCall | null = null
  for (const conversation of conversations) {
    const { call } = conversation
    if (!isLive(call)) continue
    const legs = call.legs ?? []
    const mine = legs.findLast((leg) => leg.user_id === userId)
    if (conversation.agent_id === userId && conversation.state === 'active') {
      const others = legs.filter((leg) => leg !== mine && leg.spy_mode !== 'listen')
      return { conversation, call, mine, others, phase: phaseOf(call, mine, others) }
    }
    if (mine?.role === 'supervisor') {
      spied = { conversation, call, mine, others: legs.filter((leg) => leg !== mine), phase: 'spying' }
    }
  }
  return spied
}

function phaseOf(call: CallView, mine: CallLegView | undefined, others: CallLegView[]): CallPhase {
  if (mine?.state !== 'answered') return 'connecting'
  if (call.direction === 'out' && others.find((leg) => leg.role === 'caller')?.state !== 'answered') return 'calling'
  if (call.is_in_flow || (mine.room && mine.room !== 'main')) return 'aside'
  if (call.is_held) return 'held'
  return others.some((leg) => leg.role !== 'caller') ? 'conference' : 'talking'
}

/** Whoever is asked just now, or else the first of those who have joined the call. */
export function consulted({ others }: LiveCall): CallLegView | undefined {
  const called = others.filter((leg) => leg.role === 'agent' || leg.role === 'outside')
  return called.find((leg) => leg.room !== 'main') ?? called[0]
}

/** Whether the hub must call this browser again: it lost the call it had, or the hub has no phone of the agent in it. */
export function isLost({ mine, call, phase }: LiveCall, rememberedCallId: string): boolean {
  if (phase === 'spying') return false
  return !mine || (mine.state === 'answered' && rememberedCallId === call.call_id)
}
