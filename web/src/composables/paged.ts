/** A list that grows page by page, newest first. */

export const PAGE = 50

import { ref, shallowRef } from 'vue'

import { errorText, toast } from './toasts'

export type Paged<Item> = ReturnType<typeof usePaged<Item>>

export function usePaged<Item>(fetchPage: (last: Item | undefined) => Promise<Item[]>) {
  const items = shallowRef<Item[]>([])
  const hasMore = ref(false)
  const isLoaded = ref(false)
  const isBusy = ref(false)
  let turn = 0 // an answer to an earlier one is of another filter, or of a list that is gone

  async function load(isFirst: boolean): Promise<void> {
    const mine = ++turn
    isBusy.value = true
    try {
      const page = await fetchPage(isFirst ? undefined : items.value.at(-1))
      if (mine !== turn) return
      items.value = isFirst ? page : [...items.value, ...page]
      hasMore.value = page.length === PAGE
      isLoaded.value = true
    } catch (error) {
      if (mine === turn) toast(errorText(error), 'error')
    } finally {
      if (mine === turn) isBusy.value = false
    }
  }

  void load(true)
  return { items, hasMore, isLoaded, isBusy, reload: () => load(true), more: async () => (isBusy.value ? undefined : load(false)) }
}
