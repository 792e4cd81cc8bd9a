/** Calls that begin at the desk. */
import { computed } from 'vue'

import { newKey } from '@/api/client'
import { callColleague, makeCall, type Called } from '@/api/phone'
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

  const hasPhone = computed(() => desk.setup.phone?.is_available === true)
  /** Whether there is telephony by which this agent may call citizens. */
  const isShown = computed(() => session.can('call.make') && hasPhone.value)
  const isFree = computed(() => hasPhone.value && !phone.live && !phone.handset && !task.isBusy.value)
  const canDial = computed(() => isShown.value && isFree.value)

  /** Have my phone rung and then theirs; return whether that has begun. */
  async function dial(whom: Called): Promise<boolean> {
    return task.run(async () => {
      const conversation = await makeCall({ ...whom, client_id: newKey() })
      if (conversation.call) phone.expect(conversation.call.call_id)
      desk.put('conversations', conversation.conversation_id, conversation)
      openConversation(conversation.conversation_id)
    })
  }

  /** Have my phone rung and then that of the colleague with this work number; return whether that has begun. */
  async function dialColleague(workNumber: string): Promise<boolean> {
    return task.run(async () => phone.expect((await callColleague(workNumber, newKey())).call_id))
  }

  return { hasPhone, isShown, isFree, canDial, dial, dialColleague }
}
