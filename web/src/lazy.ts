/** Parts of a page that are fetched when they are first shown. */
import { type AsyncComponentLoader, type Component, defineAsyncComponent } from 'vue'

import { isHubThere } from './upgrade'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8_000
const ATTEMPTS = 3

/** A component that waits for the network when it is away, and comes when it is back. */
export function lazily<T extends Component>(load: AsyncComponentLoader<T>): T {
  return defineAsyncComponent<T>({
    loader: async () => {
      if (!navigator.onLine) await untilHubIsThere() // older browsers never fetch again what failed once
      return load()
    },
    onError(_error, retry, fail, attempt) {
      if (attempt < ATTEMPTS) void untilHubIsThere().then(retry)
      else fail()
    },
  })
}

/** Take a style sheet out of the page that could not be fetched; else it counts as there when it is asked for again. */
export function forgetLostStyles(): void {
  addEventListener(
    'error',
    ({ target }) => {
      if (target instanceof HTMLLinkElement) target.remove()
    },
    true,
  )
}

async function untilHubIsThere(): Promise<void> {
  let pause = FIRST_PAUSE_MS
  do {
    await new Promise((done) => setTimeout(done, pause))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  } while (!(await isHubThere()))
}
