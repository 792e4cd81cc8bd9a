/** States of something that is edited, with the way back and forth between them. */
import { computed, ref, shallowRef } from 'vue'

const MOST = 200

export function useHistory<T>() {
  const states = shallowRef<T[]>([])
  const at = ref(0)
  const saved = ref(0)

  const now = computed<T | undefined>(() => states.value[at.value])

  function begin(state: T): void {
    states.value = [state]
    at.value = saved.value = 0
  }

  function change(next: T): void {
    const kept = states.value.slice(0, at.value + 1)
    const dropped = Math.max(0, kept.length + 1 - MOST)
    if (saved.value > at.value) saved.value = -1 // what was saved has been left behind
    else saved.value -= dropped
    states.value = [...kept, next].slice(dropped)
    at.value = states.value.length - 1
  }

  return {
    now,
    begin,
    change,
    undo: () => void (at.value = Math.max(0, at.value - 1)),
    redo: () => void (at.value = Math.min(states.value.length - 1, at.value + 1)),
    markSaved: () => void (saved.value = at.value),
    canUndo: computed(() => at.value > 0),
    canRedo: computed(() => at.value < states.value.length - 1),
    isChanged: computed(() => at.value !== saved.value),
  }
}
