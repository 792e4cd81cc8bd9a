/** Which forms agents fill in for the conversations of a queue. */
import type { Form, Setup } from '@/api/types'

export function isOffered(form: Form | undefined, queueId: string | null | undefined): boolean {
  return Boolean(form?.is_active && (!form.queue_ids.length || form.queue_ids.includes(queueId ?? '')))
}

/** The form that is open before anybody picks one: the first that opens, else the one alone that no end goes without. */
export function openingForm(forms: Setup['forms'], queueId: string | null | undefined): string {
  const offered = Object.entries(forms ?? {}).filter(([, one]) => isOffered(one, queueId))
  const required = offered.filter(([, one]) => one.is_required)
  return offered.find(([, one]) => one.opens)?.[0] ?? (required.length === 1 ? required[0][0] : '')
}
