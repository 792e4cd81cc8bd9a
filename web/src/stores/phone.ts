/** The agent's phone in this browser: there during the shift, back in its call after a reload, quiet when the call is over. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { ApiError } from '@/api/client'
import { holdCall, issuePhone, reattach, revokePhone } from '@/api/phone'
import { now } from '@/clock'
import { toast } from '@/composables/toasts'
import { i18n } from '@/i18n'
import { playFarSound, useSpeaker } from '@/phone/far_sound'
import { isLive, isLost, liveCallOf } from '@/phone/live_call'
import { openMicrophone } from '@/phone/microphone'
import { Softphone, type Handset, type PhoneState } from '@/phone/softphone'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { useSettings } from '@/stores/settings'

const LOCK = 'lianxin.phone' // one window of a browser is the phone; the next takes over when it closes
const REMEMBERED = 'lianxin.call' // the call this browser had: what a reloaded page must come back into
const SETTLE_MS = 250 // the engine tells the hub within this that the phone has registered
const REATTACH_MS = 700
const REATTACH_TRIES = 40
const GONE_MS = 4000 // the hub says that a call is over before SIP does when the line was down

export const usePhone = defineStore('phone', () => {
  const desk = useDesk()
  const session = useSession()
  const settings = useSettings()

  const ownState = ref<PhoneState>('off')
  const handset = shallowRef<Handset | null>(null)
  const waiting = shallowRef<Handset | null>(null)
  const holdsLock = ref(false)
  let giveUp: (() => void) | null = null
  let leavesAfterCall = false

  const softphone = new Softphone(
    {
      issue: issuePhone,
      revoke: revokePhone,
      connect: async (account, events) => (await import('@/phone/user_agent')).connect(account, events),
      listen: (mayAsk) => openMicrophone(settings.values.microphone, mayAsk),
      play: (sound) => playFarSound(sound, settings.values.speaker),
      now,
    },
    show,
    (callId) => void comeBack(callId),
  )

  const isOnShift = computed(
    () =>
      !!session.me?.is_agent &&
      !desk.goodbye &&
      desk.setup.phone?.is_available === true &&
      (desk.myself?.state ?? 'offline') !== 'offline',
  )
  const state = computed<PhoneState>(() => (isOnShift.value && !holdsLock.value ? 'taken' : ownState.value))
  /** My calls ring on a phone that is none of a browser's. */
  const isElsewhere = computed(() => !!desk.myself?.phone && desk.myself.phone !== 'browser')
  /** The call that concerns me, as the hub sees it. */
  const live = computed(() => liveCallOf(desk.conversations.values(), session.me?.user_id ?? ''))

  function show(): void {
    const before = handset.value
    ownState.value = softphone.state
    handset.value = softphone.handset
    waiting.value = softphone.waiting
    if (handset.value) {
      const isCitizens = handset.value.role !== 'colleague' // a call with a colleague ends with the page
      if (isCitizens && handset.value.state !== 'ringing') localStorage.setItem(REMEMBERED, handset.value.callId)
    } else if (before && holdsLock.value) localStorage.removeItem(REMEMBERED)
    if (leavesAfterCall && !handset.value) leave()
  }

  /** Another window is the phone now: its account and its call are in use there. */
  function leave(): void {
    leavesAfterCall = softphone.handset !== null // the hub ends this one when it has called the other window
    if (leavesAfterCall) return
    void softphone.stop(false)
  }

  function claim(steals: boolean): void {
    const held = new Promise<void>((resolve) => (giveUp = resolve))
    const take = () => {
      leavesAfterCall = false
      holdsLock.value = true
      softphone.start()
      return held
    }
    const locks = navigator.locks as LockManager | undefined
    if (!locks) return void take() // no TLS: the phone will say that it has no microphone
    locks.request(LOCK, { steal: steals }, take).catch(() => {
      holdsLock.value = false
      leave()
      if (isOnShift.value) claim(false)
    })
  }

  async function stop(): Promise<void> {
    await softphone.stop().catch(() => undefined) // the hub ends the account with the log-in
    giveUp?.()
    giveUp = null
    holdsLock.value = false
  }

  async function hold(id: string, isHeld: boolean): Promise<void> {
    desk.put('conversations', id, await holdCall(id, isHeld))
  }

  /** Talk in the call that waits; a citizen who was talked with hears music meanwhile. */
  async function change(): Promise<void> {
    const call = live.value
    if (call?.phase === 'talking' && call.call.call_id === handset.value?.callId) {
      await hold(call.conversation.conversation_id, true)
      const isStillThere = call.call.call_id === handset.value?.callId
      if (isStillThere && !waiting.value) return hold(call.conversation.conversation_id, false) // whoever rang has given up
    }
    softphone.change()
  }

  desk.onSignal((signal) => {
    if (signal.name !== 'colleague_not_reached') return
    toast(i18n.global.t('call.not_reached', { name: signal.colleague ?? '', why: i18n.global.t(`cause.${signal.cause}`) }), 'error')
  })

  watch(isOnShift, (isOn) => (isOn ? claim(false) : void stop()), { immediate: true })

  // A reloaded page finds its call still going on and has the hub call it again.
  let attempts: { callId: string; count: number; timer?: ReturnType<typeof setTimeout> } = { callId: '', count: 0 }
  const lost = computed(() => {
    const call = live.value
    const isMissing = ownState.value === 'ready' && !handset.value && !!call
    return isMissing && isLost(call, localStorage.getItem(REMEMBERED) ?? '') ? call.call.call_id : ''
  })
  watch(lost, (callId) => {
    clearTimeout(attempts.timer)
    if (callId && attempts.callId !== callId) attempts = { callId, count: 0 }
    const wasHere = callId !== '' && localStorage.getItem(REMEMBERED) === callId
    if (callId) attempts.timer = setTimeout(() => void comeBack(callId), wasHere ? SETTLE_MS : REATTACH_MS)
  })

  async function comeBack(callId: string): Promise<void> {
    const call = live.value
    if (call?.call.call_id !== callId || call.phase === 'spying' || attempts.count++ >= REATTACH_TRIES) return
    try {
      const answer = await reattach(call.conversation.conversation_id)
      desk.put('conversations', answer.conversation_id, answer)
    } catch (error) {
      if (error instanceof ApiError && !error.isUncertain && error.code !== 'no_phone') return
    }
    clearTimeout(attempts.timer)
    attempts.timer = setTimeout(() => lost.value === callId && void comeBack(callId), REATTACH_MS)
  }

  // What the hub says is over ends here too, should SIP not say so.
  const isGone = computed(() => {
    const mine = handset.value
    if (!mine || mine.state === 'ringing' || !mine.callId) return false
    const known = [...desk.conversations.values()].find(({ call }) => call?.call_id === mine.callId)
    return !!known && (!isLive(known.call) || !known.call.legs?.some((leg) => leg.leg_id === mine.legId))
  })
  watch(isGone, (isOver) => {
    const callId = handset.value?.callId
    if (isOver) setTimeout(() => isGone.value && handset.value?.callId === callId && softphone.hangUp(), GONE_MS)
  })

  watch(() => settings.values.microphone, () => void softphone.changeMicrophone().catch(() => undefined))
  watch(() => settings.values.speaker, (id) => void useSpeaker(id))

  return {
    state,
    isElsewhere,
    /** Whether there is a phone to show. */
    isShown: computed(() => isElsewhere.value || (state.value !== 'off' && state.value !== 'none')),
    handset,
    /** The second call of this phone: it rings, or is parked. */
    waiting,
    live,
    stop,
    /** Ask for the microphone, or take the phone back from another window. */
    enable: () => (holdsLock.value ? softphone.start(true) : claim(true)),
    expect: (callId: string) => softphone.expect(callId),
    answer: () => softphone.answer(),
    change,
    refuse: () => softphone.refuse(),
    refuseWaiting: () => softphone.refuseWaiting(),
    hangUp: () => softphone.hangUp(),
    mute: (isMuted: boolean) => softphone.mute(isMuted),
  }
})
