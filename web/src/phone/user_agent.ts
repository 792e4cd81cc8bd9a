/** This browser's SIP user agent (RFC 3261 over RFC 7118), made of JsSIP, in the few words that the phone needs. */
import { UA, WebSocketInterface } from 'jssip'
import type { IncomingRTCSessionEvent, RTCSessionEvent } from 'jssip/lib/UA'

import type { PhoneAccount } from '@/api/phone'
import type { SipCall, UserAgent, UserAgentEvents } from '@/phone/softphone'

const REGISTER_S = 120
const REJECTED = 603 // Decline: to the hub this agent refused, to a busy one 486 would say so
const ANSWER_AT_ONCE = /answer-after\s*=\s*0|alert-autoanswer/i
/** The engine is reached through the hub on the same host: no address has to be found out by a server elsewhere. */
const PEER: RTCConfiguration = { iceServers: [] }

export function connect(account: PhoneAccount, events: UserAgentEvents): UserAgent {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const agent = new UA({
    sockets: new WebSocketInterface(`${scheme}://${location.host}${account.path}`),
    uri: `sip:${account.phone_id}@${account.domain}`,
    authorization_user: account.phone_id,
    password: account.secret,
    register_expires: REGISTER_S,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 20,
    user_agent: 'lianxin-desk',
  })
  agent.on('registered', events.onRegistered)
  agent.on('registrationFailed', ({ response }: { response?: { status_code: number } }) => events.onFailed(response?.status_code ?? 0))
  agent.on('disconnected', events.onDisconnected)
  agent.on('newRTCSession', (event: RTCSessionEvent) => {
    if (event.originator === 'remote') events.onCall(incoming(event as IncomingRTCSessionEvent))
  })
  agent.start()
  return { register: () => agent.register(), stop: () => agent.stop() }
}

function incoming({ session, request }: IncomingRTCSessionEvent): SipCall {
  const header = (name: string) => String(request.getHeader(name) ?? '')
  const autoAnswer = [header('Call-Info'), header('Alert-Info')].some((value) => ANSWER_AT_ONCE.test(value))
  return {
    callId: header('X-Lianxin-Call'),
    legId: header('X-Lianxin-Leg'),
    role: header('X-Lianxin-Role'),
    caller: session.remote_identity.display_name || session.remote_identity.uri.user || '',
    isAuto: autoAnswer || header('X-Lianxin-Auto-Answer') !== '',
    answer: (stream, { onTalking, onSound, onBroken }) => {
      session.on('confirmed', onTalking)
      session.on('peerconnection', ({ peerconnection }) => {
        peerconnection.ontrack = (event) => onSound(event.streams[0] ?? new MediaStream([event.track]))
        peerconnection.addEventListener('connectionstatechange', () => {
          if (peerconnection.connectionState === 'failed') onBroken()
        })
      })
      session.answer({ mediaStream: stream, pcConfig: PEER })
    },
    refuse: (isBusy) => session.terminate({ status_code: isBusy ? 486 : REJECTED }),
    hangUp: () => {
      if (!session.isEnded()) session.terminate()
    },
    onEnd: (act) => {
      session.on('ended', act)
      session.on('failed', act)
    },
  }
}
