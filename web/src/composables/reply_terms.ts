/** On which terms a reply goes out: over which channel, until when the network lets us answer, and what it costs. */
import { computed, ref, type ComputedRef, type Ref } from 'vue'

import type { ReplyOption } from '@/api/contact_links'
import type { ConversationView } from '@/api/types'
import { tick } from '@/clock'
import { replyWindow } from '@/composables/reply_window'
import { priceOf, segmentsSent } from '@/sms/cost'
import { useThreads } from '@/stores/threads'

export function useReplyTerms(conversation: Ref<ConversationView>, text: Ref<string>, isNote: ComputedRef<boolean>) {
  const threads = useThreads()
  const entries = computed(() => threads.ensure(conversation.value.conversation_id).entries)
  /** Where the reply goes, once it is known. */
  const way = ref<ReplyOption>()
  const terms = computed(() => way.value?.settings ?? {})

  const channel = computed(() => {
    const scheme = conversation.value.reply_address?.split(':')[0]
    return scheme === 'tel' ? 'sms' : scheme || conversation.value.channel
  })
  /** A mail has a subject, and may repeat what it answers. */
  const isMail = computed(() => {
    const { address, reply_address: elsewhere } = conversation.value
    return !isNote.value && (elsewhere || address).startsWith('mailto:')
  })
  const answered = computed(() => entries.value.findLast((entry) => entry.kind === 'message' && entry.direction === 'in'))
  /** What the reply costs when it goes out as short messages. */
  const segments = computed(() => {
    return channel.value === 'sms' && !isNote.value ? segmentsSent(terms.value, text.value.trim()) : undefined
  })
  const price = computed(() => (segments.value ? priceOf(terms.value, segments.value.parts) : ''))
  /** Until when, and how often, the network still lets us answer. */
  const window = computed(() => {
    const { channel: began, reply_address: elsewhere } = conversation.value
    if (isNote.value || (elsewhere && !elsewhere.startsWith(`${began}:`))) return undefined
    return replyWindow(began, entries.value, tick.value)
  })

  return { way, channel, isMail, answered, segments, price, window }
}
