/** A soft chime and a notification when somebody I serve writes while I look elsewhere. */
import { watch } from 'vue'

import { notify } from '@/composables/alerts'
import { useCurrent } from '@/composables/current'
import { usePageFocus } from '@/composables/page_focus'
import { chime } from '@/composables/sounds'
import { contactName } from '@/i18n'
import { useInbox } from '@/stores/inbox'

export function useChimes(): void {
  const inbox = useInbox()
  const current = useCurrent()
  const hasFocus = usePageFocus()

  watch(
    () => new Map(inbox.mine.map((one) => [one.conversation_id, one.unread ?? 0])),
    (counts, before) => {
      for (const one of inbox.mine) {
        const known = before.get(one.conversation_id)
        if (known === undefined || (counts.get(one.conversation_id) ?? 0) <= known) continue
        if (hasFocus.value && one.conversation_id === current.id.value) continue
        chime()
        notify(contactName(one), one.last_text ?? '', one.conversation_id)
      }
    },
  )
}
