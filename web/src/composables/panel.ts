/** Whether the right pane is shown: remembered on wide screens, closed at first on narrow ones, where it covers the thread. */
import { computed, ref } from 'vue'

import { useSettings } from '@/stores/settings'

const narrow = matchMedia('(width < 1120px)')
const isNarrow = ref(narrow.matches)
const isOpenWhenNarrow = ref(false)
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches))

export const isPanelOpen = computed({
  get: () => (isNarrow.value ? isOpenWhenNarrow.value : useSettings().values.showPanel),
  set: (isOpen) => {
    if (isNarrow.value) isOpenWhenNarrow.value = isOpen
    else useSettings().values.showPanel = isOpen
  },
})
