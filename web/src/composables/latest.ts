/** The answer to the latest question: what comes late to an earlier one is of no interest. */
import { ref, shallowRef } from 'vue'

import { errorText, toast } from './toasts'

/** `ask` returns nothing while there is nothing to ask, as when a day is being typed. */
export function useLatest<Answer>(ask: () => Promise<Answer> | undefined) {
  const found = shallowRef<Answer>()
  const fault = ref('') // why there is no first answer
  const isLoading = ref(false)
  let turn = 0

  async function load(): Promise<void> {
    const mine = ++turn
    fault.value = ''
    isLoading.value = false
    const asked = ask()
    if (!asked) return
    isLoading.value = true
    try {
      const answer = await asked
      if (mine === turn) found.value = answer
    } catch (error) {
      if (mine !== turn) return
      if (found.value) toast(errorText(error), 'error')
      else fault.value = errorText(error)
    } finally {
      if (mine === turn) isLoading.value = false
    }
  }

  return { found, fault, isLoading, load }
}
