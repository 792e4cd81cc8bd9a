/** Search as one types: asks a moment after the last key, and shows only the answer to the last question. */
import { ref, shallowRef, watch, type Ref } from 'vue'

import { searchArticles, type FoundArticles, type SearchQuery } from '@/api/knowledge'
import { errorText } from '@/composables/toasts'

const PAUSE_MS = 150
const COMING_BACK_MS = 2000 // the index is away: what is found meanwhile is not all

export function useSearch(query: Ref<SearchQuery>) {
  const found = shallowRef<FoundArticles>()
  const isBusy = ref(false)
  const fault = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function ask(): Promise<void> {
    const number = ++asked
    isBusy.value = true
    try {
      const answer = await searchArticles(query.value)
      if (number !== asked) return
      found.value = answer
      fault.value = ''
      if (answer.is_degraded) timer = setTimeout(() => void ask(), COMING_BACK_MS)
    } catch (error) {
      if (number === asked) fault.value = errorText(error)
    } finally {
      if (number === asked) isBusy.value = false
    }
  }

  watch(
    query,
    () => {
      clearTimeout(timer)
      if (query.value.q.trim() || query.value.category_id || query.value.kind) timer = setTimeout(() => void ask(), PAUSE_MS)
      else {
        asked++
        found.value = undefined
        isBusy.value = false
      }
    },
    { deep: true, immediate: true },
  )
  return { found, isBusy, fault }
}
