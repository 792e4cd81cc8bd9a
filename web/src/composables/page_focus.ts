/** Whether somebody is looking at this page. */
import { onBeforeUnmount, ref, type Ref } from 'vue'

const EVENTS = ['focus', 'blur'] as const

export function usePageFocus(): Ref<boolean> {
  const hasFocus = ref(isLookedAt())
  const update = () => (hasFocus.value = isLookedAt())
  EVENTS.forEach((name) => addEventListener(name, update))
  document.addEventListener('visibilitychange', update)
  onBeforeUnmount(() => {
    EVENTS.forEach((name) => removeEventListener(name, update))
    document.removeEventListener('visibilitychange', update)
  })
  return hasFocus
}

function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus()
}
