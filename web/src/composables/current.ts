/** The conversation in focus, named by the address bar; live while the hub shows it, fetched when it does not. */
import { computed, effectScope, shallowRef, watch } from 'vue'

import { getConversation } from '@/api/desk'
import type { ConversationView } from '@/api/types'
import { errorText, toast } from '@/composables/toasts'
import { router } from '@/router'
import { useContacts } from '@/stores/contacts'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { useThreads } from '@/stores/threads'

export function openConversation(conversationId: string | null): void {
  void router.push({ name: 'desk', params: { conversationId: conversationId ?? '' } })
}

function create() {
  const desk = useDesk()
  const contacts = useContacts()
  const session = useSession()
  const threads = useThreads()
  const fetched = shallowRef<ConversationView>()

  const id = computed(() => String(router.currentRoute.value.params.conversationId ?? ''))
  const live = computed(() => desk.conversations.get(id.value))
  const conversation = computed(() => live.value ?? matching(fetched.value))
  const contactId = computed(() => conversation.value?.contact_id ?? '')
  const contact = computed(() => contacts.get(contactId.value))
  const isMine = computed(() => conversation.value?.agent_id === session.me?.user_id)
  /** The owner may, and whoever may take over. */
  const canAct = computed(() => isMine.value || session.can('conversation.takeover'))

  function matching(one: ConversationView | undefined): ConversationView | undefined {
    return one?.conversation_id === id.value ? one : undefined
  }

  // The last copy of a row that leaves the tables: no longer mine, whatever else it became.
  watch(live, (one, before) => {
    if (one) fetched.value = one
    else if (before) fetched.value = { ...before, agent_id: null }
  })
  watch(
    () => desk.isReady && !conversation.value && id.value,
    async (wanted) => {
      if (!wanted) return
      try {
        const found = await getConversation(wanted)
        if (wanted === id.value) fetched.value = found
      } catch (error) {
        if (wanted !== id.value) return
        toast(errorText(error), 'error')
        openConversation(null)
      }
    },
    { immediate: true },
  )
  // A conversation outside the tables still gets its entries; each may have changed its state.
  watch(
    () => (conversation.value ? threads.ensure(id.value).entries.at(-1)?.entry_id : undefined),
    (now, before) => now && before && !live.value && void refresh(),
  )

  // What was merged goes on elsewhere.
  watch(
    () => conversation.value?.merged_into,
    (goesOn) => goesOn && openConversation(goesOn),
  )

  async function refresh(): Promise<void> {
    const wanted = id.value
    try {
      const found = await getConversation(wanted)
      if (wanted === id.value) fetched.value = found
    } catch {
      // the old copy stays until it is opened again
    }
  }

  /** Take what a call answered with; a live row will follow. */
  function show(answer: ConversationView): void {
    if (desk.conversations.has(answer.conversation_id)) desk.put('conversations', answer.conversation_id, answer)
    if (answer.conversation_id === id.value) fetched.value = answer
  }

  return { id, conversation, contact, contactId, isMine, canAct, show }
}

let shared: ReturnType<typeof create> | undefined

export function useCurrent() {
  shared ??= effectScope(true).run(create)!
  return shared
}
