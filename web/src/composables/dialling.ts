/** Calls that begin at the desk. */
import { computed } from 'vue'

import { newKey } from '@/api/client'
import { makeCall, type Called } from '@/api/phone'
import { openConversation } from '@/composables/current'
import { useTask } from '@/composables/task'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { useSession } from '@/stores/session'

export function useDialling() {
  const desk = useDesk()
  const session = useSession()
  const phone = usePhone()
  const task = useTask()

  /** Whether there is telephony that this agent may use. */
  const isShown = computed(() => session.can('call.make') && desk.setup.phone?.is_available === true)
  const canDial = computed(() => isShown.value && !phone.live && !phone.handset && !task.isBusy.value)

  /** Have my phone rung and then theirs; return whether that has begun. */
  async function dial(whom: Called): Promise<boolean> {
    return task.run(async () => {
      const conversation = await makeCall({ ...whom, client_id: newKey() })
      if (conversation.call) phone.expect(conversation.call.call_id)
      desk.put('conversations', conversation.conversation_id, conversation)
      openConversation(conversation.conversation_id)
    })
  }

  return { isShown, canDial, dial }
}
