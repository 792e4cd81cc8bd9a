/** Whether the right pane is shown: remembered on wide screens, closed at first on narrow ones, where it covers the thread. */
import { computed, ref } from 'vue'

import { useSettings } from '@/stores/settings'

const narrow = matchMedia('(width < 1120px)')
const isNarrow = ref(narrow.matches)
const isOpenWhenNarrow = ref(false)
/** Two panes stand beside the thread, and there is less room for them than usual. */
const tight = matchMedia('(width < 1360px)')
export const isTight = ref(tight.matches)
tight.addEventListener('change', () => (isTight.value = tight.matches))
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches))

export const isPanelOpen = computed({
  get: () => (isNarrow.value ? isOpenWhenNarrow.value : useSettings().values.showPanel),
  set: (isOpen) => {
    if (isNarrow.value) isOpenWhenNarrow.value = isOpen
    else useSettings().values.showPanel = isOpen
  },
})
