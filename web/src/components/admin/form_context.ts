/** What a form made from a schema takes from the page it stands on. */
import type { InjectionKey } from 'vue'

export interface Offered {
  id: string
  title: string
  /** Offered only where it is chosen already. */
  isRetired?: boolean
}

export interface FormContext {
  /** The groups of the catalogue with the names of fields and of choices. */
  group: string
  choices: string
  /** What there is of a kind that a field may name; undefined when nobody knows. */
  references: (kind: string) => Offered[] | undefined
  languages: () => string[]
}

export const PLAIN: FormContext = { group: 'setting', choices: 'choice', references: () => undefined, languages: () => ['zh', 'en'] }
export const FORM: InjectionKey<FormContext> = Symbol('form')
