/** Tells the hub which conversation this browser shows, and keeps who else shows it. */
import { computed, onBeforeUnmount, shallowRef, watch } from 'vue'

import { useCurrent } from '@/composables/current'
import type { Looker } from '@/sync/frames'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'

const told = shallowRef<{ conversationId: string; people: Looker[] }>({ conversationId: '', people: [] })
let listens = false

/** Say what is shown while the desk is open. */
export function useCompany(): void {
  const desk = useDesk()
  const current = useCurrent()
  if (!listens) {
    listens = true
    desk.onSignal((signal) => {
      if (signal.name !== 'company') return
      told.value = { conversationId: signal.conversation_id, people: signal.people ?? [] }
    })
    desk.onUp(() => desk.tellLook(current.id.value)) // a new line knows nothing of it
  }
  watch(current.id, (id) => desk.tellLook(id))
  onBeforeUnmount(() => desk.tellLook(''))
}

/** The colleagues who show a conversation now. */
export function useColleagues(conversationId: () => string) {
  const session = useSession()
  return computed(() => {
    if (told.value.conversationId !== conversationId()) return []
    return told.value.people.filter((one) => one.user_id !== session.me?.user_id)
  })
}
