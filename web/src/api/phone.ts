/** The calls of an agent's phone, by name. */
import { call, withQuery } from './client'
import type { ConversationView, SpyMode } from './types'

/** With what this browser registers: SIP over the WebSocket at `path` of the hub itself. */
export interface PhoneAccount {
  phone_id: string
  secret: string
  path: string
  domain: string
}

export interface Consulted {
  agent_id?: string
  number?: string
  hands_over?: boolean
}

/** Whom to call: an address of a contact, or a number as it was typed. */
export interface Called {
  address_id?: string
  to?: string
}

const path = (id: string, what: string) => `/conversations/${id}/call/${what}`

/** Make an account; `insteadOf` the one with this id only, else refused as `taken`. */
export const issuePhone = (insteadOf?: string) => call<PhoneAccount>('POST', withQuery('/phone', { instead_of: insteadOf }))

export const revokePhone = () => call<void>('DELETE', '/phone', undefined, { keepalive: true })

export const makeCall = (whom: Called & { client_id: string }) => call<ConversationView>('POST', '/calls', whom)

/** Have my phone rung, and then that of the colleague with this work number. */
export const callColleague = (workNumber: string, clientId: string) =>
  call<{ call_id: string }>('POST', '/calls/internal', { work_number: workNumber, client_id: clientId })

export const readOut = (id: string, articleId: string) => call<void>('PUT', path(id, 'reading'), { article_id: articleId })
export const stopReading = (id: string) => call<void>('DELETE', path(id, 'reading'))
export const holdCall = (id: string, isHeld: boolean) => call<ConversationView>('PUT', path(id, 'hold'), { is_held: isHeld })

export const muteCall = (id: string, isMuted: boolean) => call<ConversationView>('PUT', path(id, 'mute'), { is_muted: isMuted })

export const sendKeys = (id: string, keys: string) => call<ConversationView>('POST', path(id, 'keys'), { keys })

export const consult = (id: string, whom: Consulted) => call<ConversationView>('POST', path(id, 'consult'), whom)

/** A flow that citizens on the phone can be sent into, and the nodes besides its start at which that may begin. */
export interface FlowEntry {
  flow_id: string
  title: Partial<Record<'zh' | 'en', string>>
  entries: string[]
}

export const flowEntries = async () => (await call<{ items: FlowEntry[] }>('GET', '/call-flows')).items

export const sendIntoFlow = (id: string, flowId: string, node: string, comesBack: boolean) =>
  call<ConversationView>('POST', path(id, 'flow'), { flow_id: flowId, node, comes_back: comesBack })

export const joinCall = (id: string) => call<ConversationView>('POST', path(id, 'join'))

export const takeBack = (id: string) => call<ConversationView>('POST', path(id, 'take_back'))

export const handOver = (id: string) => call<ConversationView>('POST', path(id, 'hand_over'))

export const dropParty = (id: string, legId: string) => call<ConversationView>('POST', path(id, 'drop'), { leg_id: legId })

export const reattach = (id: string) => call<ConversationView>('POST', path(id, 'reattach'))

export const pauseRecording = (id: string, isPaused: boolean) =>
  call<ConversationView>('PUT', path(id, 'recording'), { is_paused: isPaused })

export const recordCall = (id: string, isRecorded: boolean) =>
  call<ConversationView>('PUT', path(id, 'recorded'), { is_recorded: isRecorded })

export const spyOn = (id: string, mode: SpyMode | 'off') => call<ConversationView>('PUT', path(id, 'spy'), { mode })

export const takeOver = (id: string) => call<ConversationView>('POST', path(id, 'take_over'))
