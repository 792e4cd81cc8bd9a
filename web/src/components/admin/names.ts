/** The two languages of a name, between what the hub keeps and what a form edits. */
import type { Names } from '@/components/admin/NameFields.vue'
import type { LocalText } from '@/i18n'

export const namesOf = (id: string, title: LocalText | undefined): Names => ({ id, zh: title?.zh ?? '', en: title?.en ?? '' })

export const titleOf = (names: Names): LocalText => ({ zh: names.zh, ...(names.en && { en: names.en }) })
