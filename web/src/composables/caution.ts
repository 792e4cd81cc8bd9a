/** What colleagues are warned of with a contact. */
import type { ContactView } from '@/api/types'
import { tick } from '@/clock'

/** Return the reason of the warning while it holds. */
export function cautionOf(contact: ContactView | null | undefined): string {
  const { caution, caution_until } = contact ?? {}
  const isOver = !!caution_until && Date.parse(caution_until) <= tick.value
  return caution && !isOver ? caution : ''
}
