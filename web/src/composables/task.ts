/** Runs one action at a time and says what went wrong. */
import { ref } from 'vue'

import { errorText, toast } from './toasts'

export function useTask() {
  const isBusy = ref(false)

  /** Run `action` unless one is running; return whether it succeeded. */
  async function run(action: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    try {
      await action()
      return true
    } catch (error) {
      toast(errorText(error), 'error')
      return false
    } finally {
      isBusy.value = false
    }
  }

  return { isBusy, run }
}
