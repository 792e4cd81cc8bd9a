/** The hub's time on this machine, and one heartbeat per second for everything that counts. */
import { readonly, ref } from 'vue'

const TOLERANCE_MS = 2000 // the Date header has whole seconds and the answer takes time

let offsetMs = 0

const beat = ref(Date.now())
setInterval(() => (beat.value = now()), 1000)

/** The hub's time in milliseconds, changing once a second: for what is shown. */
export const tick = readonly(beat)

/** Return the hub's time in milliseconds: for what is compared. */
export function now(): number {
  return Date.now() + offsetMs
}

/** Learn from an answer's Date header how wrong this machine's clock is. */
export function observeServerTime(date: string | null): void {
  const served = date ? Date.parse(date) : Number.NaN
  if (Number.isNaN(served)) return
  const difference = served + 500 - Date.now()
  if (Math.abs(difference - offsetMs) > TOLERANCE_MS) offsetMs = Math.abs(difference) > TOLERANCE_MS ? difference : 0
}
