/** Ring and chime, made by the browser itself; silent until a click has unlocked sound. */
import { ref } from 'vue'

import { useSettings } from '@/stores/settings'

const RING_MS = 2600

let context: AudioContext | null = null
let ringing: ReturnType<typeof setInterval> | undefined

/** True when the browser lets this page sound. */
export const isUnlocked = ref(false)

/** Call from a click or key press: browsers keep pages silent until then. */
export async function unlock(): Promise<void> {
  context ??= new AudioContext()
  await setRingDevice(useSettings().values.ringDevice)
  if (context.state !== 'running') await context.resume()
  isUnlocked.value = context.state === 'running'
}

/** Ring on device `id`, or on the usual one when it is not there or the browser cannot choose. */
export async function setRingDevice(id: string): Promise<void> {
  const chosen = context as (AudioContext & { sinkId?: string; setSinkId?: (id: string) => Promise<void> }) | null
  if (!chosen?.setSinkId || (chosen.sinkId ?? '') === id) return
  await chosen.setSinkId(id).catch(() => chosen.setSinkId?.(''))
}

/** Unlock with whatever is touched first, for pages that are loaded again during a shift. */
export function unlockOnFirstTouch(): void {
  for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => void unlock(), { once: true })
}

export function startRinging(): void {
  if (ringing) return
  ringOnce()
  ringing = setInterval(ringOnce, RING_MS)
}

export function stopRinging(): void {
  clearInterval(ringing)
  ringing = undefined
}

/** Two rising pairs of tones, soft enough for an open-plan office. */
export function ringOnce(): void {
  for (const start of [0, 0.7]) {
    tone(659, start, 0.26)
    tone(880, start + 0.22, 0.34)
  }
}

/** One short tone: somebody wrote. */
export function chime(): void {
  tone(784, 0, 0.18, 0.5)
}

function tone(hertz: number, startS: number, lengthS: number, loudness = 1): void {
  const { values } = useSettings()
  if (!context || context.state !== 'running' || !values.sound) return
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  const start = context.currentTime + startS
  oscillator.frequency.value = hertz
  gain.gain.setValueAtTime(0, start)
  gain.gain.linearRampToValueAtTime(0.3 * values.volume * loudness, start + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.0001, start + lengthS)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(start)
  oscillator.stop(start + lengthS)
}
