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

  /** Show `before` and what follows it, page by page until there are `least`. */
  async function load(before: Item[], least = 0): Promise<void> {
    const mine = ++turn
    isBusy.value = true
    let shown = before
    try {
      let page: Item[]
      do {
        page = await fetchPage(shown.at(-1))
        if (mine !== turn) return
        shown = [...shown, ...page]
      } while (page.length === PAGE && shown.length < least)
      items.value = shown
      hasMore.value = page.length === PAGE
      isLoaded.value = true
    } catch (error) {
      if (mine === turn) toast(errorText(error), 'error')
    } finally {
      if (mine === turn) isBusy.value = false
    }
  }

  void load([])
  return {
    items,
    hasMore,
    isLoaded,
    isBusy,
    reload: () => load([]),
    /** Fetch again as many as are shown. */
    refresh: () => load([], items.value.length),
    more: async () => (isBusy.value ? undefined : load(items.value)),
  }
}
