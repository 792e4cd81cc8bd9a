/** On which terms a reply goes out: over which channel, until when the network lets us answer, and what it costs. */
import { computed, ref, type ComputedRef, type Ref } from 'vue'

import type { ReplyOption } from '@/api/contact_links'
import type { Attachment, ConversationView } from '@/api/types'
import { tick } from '@/clock'
import { acceptedFiles, carriesFile, carriesFiles } from '@/composables/carried'
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
  const carries = computed(() => way.value?.carries)
  /** Whether files can be added, of which kinds, and the largest size. */
  const takesFiles = computed(() => carriesFiles(carries.value))
  const accepted = computed(() => acceptedFiles(carries.value))
  const fileBytes = computed(() => carries.value?.file_bytes || Infinity)
  const isCarried = (file: Pick<Attachment, 'mime' | 'size_bytes'>) => carriesFile(carries.value, file)
  /** A mail has a subject, and may repeat what it answers. */
  const isMail = computed(() => {
    const { address, reply_address: elsewhere } = conversation.value
    return !isNote.value && (elsewhere || address).startsWith('mailto:')
  })
  /** Whether its words can be formatted. */
  const isRich = computed(() => isMail.value && (carries.value?.is_formatted ?? true))
  const answered = computed(() => entries.value.findLast((entry) => entry.kind === 'message' && entry.direction === 'in'))
  /** What the reply costs when it goes out as short messages. */
  const segments = computed(() => {
    return channel.value === 'sms' && !isNote.value ? segmentsSent(terms.value, carries.value, text.value.trim()) : undefined
  })
  /** More short messages than the connection sends for one text. */
  const isTooLong = computed(() => (segments.value?.parts ?? 0) > (carries.value?.segments || Infinity))
  const price = computed(() => (segments.value ? priceOf(terms.value, segments.value.parts) : ''))
  /** Until when, and how often, the network still lets us answer. */
  const window = computed(() => {
    const { channel: began, reply_address: elsewhere } = conversation.value
    if (isNote.value || (elsewhere && !elsewhere.startsWith(`${began}:`))) return undefined
    return replyWindow(began, entries.value, tick.value)
  })

  return { way, channel, carries, takesFiles, accepted, fileBytes, isCarried, isMail, isRich, answered, segments, isTooLong, price, window }
}
