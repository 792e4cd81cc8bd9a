/** Tells the hub what this browser shows, for supervisors who view it; and says who views. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue'
import { useRoute } from 'vue-router'

import { tick } from '@/clock'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'

const SHOWN_MS = 10_000 // a viewer asks again every few seconds

const viewed = shallowRef({ by: '', until: 0 })
let listens = false

/** Say what is shown as long as a page is; for the frame around every page. */
export function useScreenNotice(): void {
  const desk = useDesk()
  const phone = usePhone()
  const route = useRoute()
  const isHidden = ref(document.hidden)
  const screen = computed(() => ({
    page: route.path.split('/')[1] ?? '',
    is_hidden: isHidden.value,
    phone: phone.state,
    is_talking: phone.handset?.state === 'talking',
    is_muted: phone.handset?.isMuted ?? false,
  }))
  if (!listens) {
    listens = true
    desk.onSignal((signal) => {
      if (signal.name === 'viewed') viewed.value = { by: signal.by ?? '', until: tick.value + SHOWN_MS }
    })
  }
  const look = () => void (isHidden.value = document.hidden)
  onMounted(() => document.addEventListener('visibilitychange', look))
  onBeforeUnmount(() => document.removeEventListener('visibilitychange', look))
  watch([screen, () => desk.lineState], ([shown, line]) => line === 'up' && desk.tellScreen(shown), { immediate: true })
}

/** Who views this desk now; empty: nobody. */
export function useViewer() {
  return computed(() => (viewed.value.until > tick.value ? viewed.value.by : ''))
}
