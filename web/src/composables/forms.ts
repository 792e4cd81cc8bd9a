/** Which forms agents fill in for the conversations of a queue. */
import type { Form } from '@/api/types'

export function isOffered(form: Form | undefined, queueId: string | null | undefined): boolean {
  return Boolean(form?.is_active && (!form.queue_ids.length || form.queue_ids.includes(queueId ?? '')))
}
