/** The departments that work can be given to now, with the one that is set already. */
import { computed } from 'vue'

import { localText } from '@/i18n'
import { useDesk } from '@/stores/desk'

export function useDepartments(chosen: () => string | undefined) {
  const desk = useDesk()
  return computed(() =>
    Object.entries(desk.setup.departments ?? {})
      .filter(([id, one]) => one.is_active !== false || id === chosen())
      .map(([id, one]) => ({ id, title: localText(one.title, id) })),
  )
}
