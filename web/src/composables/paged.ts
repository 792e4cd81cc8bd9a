/** A list that grows page by page, newest first. */

export const PAGE = 50

import { ref, shallowRef } from 'vue'

import { useTask } from './task'

export type Paged<Item> = ReturnType<typeof usePaged<Item>>

export function usePaged<Item>(fetchPage: (last: Item | undefined) => Promise<Item[]>) {
  const items = shallowRef<Item[]>([])
  const hasMore = ref(false)
  const isLoaded = ref(false)
  const task = useTask()

  async function load(isFirst: boolean): Promise<void> {
    await task.run(async () => {
      const page = await fetchPage(isFirst ? undefined : items.value.at(-1))
      items.value = isFirst ? page : [...items.value, ...page]
      hasMore.value = page.length === PAGE
      isLoaded.value = true
    })
  }

  void load(true)
  return { items, hasMore, isLoaded, isBusy: task.isBusy, reload: () => load(true), more: () => load(false) }
}
