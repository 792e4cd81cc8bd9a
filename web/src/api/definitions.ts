/** What administrators define for everybody, each kind a list of objects with an id and a version. */
import { call, withQuery } from './client'
import type { LocalText } from '@/i18n'

export interface Defined {
  id: string
  version: number
  definition: Record<string, unknown> & { title?: LocalText; is_active?: boolean }
  member_ids: string[]
}

/** By page: where the hub keeps them, the type of their definition, and what its views call the id and the definition. */
const KINDS = {
  departments: { at: 'departments', type: 'Department', part: 'department' },
  skills: { at: 'skills', type: 'Skill', part: 'skill' },
  groups: { at: 'agent-groups', type: 'AgentGroup', part: 'group' },
  tags: { at: 'tags', type: 'Tag', part: 'tag' },
  'named-numbers': { at: 'named-numbers', type: 'NamedNumber', part: 'number' },
  forms: { at: 'forms', type: 'Form', part: 'form' },
} as const

export type Kind = keyof typeof KINDS

export const ALL_KINDS = Object.keys(KINDS) as Kind[]

export const typeOf = (kind: Kind) => KINDS[kind].type

export async function listDefined(kind: Kind): Promise<Defined[]> {
  const { at, part } = KINDS[kind]
  const { items } = await call<{ items: Record<string, unknown>[] }>('GET', `/${at}`)
  return items.map((one) => ({
    id: String(one[`${part}_id`]),
    version: Number(one.version),
    definition: one[part] as Defined['definition'],
    member_ids: (one.member_ids ?? []) as string[],
  }))
}

export const saveDefined = (kind: Kind, id: string, definition: Defined['definition']) => call('PUT', `/${KINDS[kind].at}/${id}`, definition)

export interface FieldFigures {
  name: string
  title: LocalText
  kind: string
  answered: number
  answers: { value: string; title: LocalText; count: number }[]
  least: number | null
  most: number | null
  mean: number | null
}

/** What was filled in with one form: how often, and every field's answers. */
export interface FormFigures {
  form_id: string
  filled: number
  fields: FieldFigures[]
}

export interface FormFiguresQuery {
  form_id: string
  begin: string
  end: string
  queue_id: string
}

export const getFormFigures = (query: FormFiguresQuery) => call<FormFigures>('GET', withQuery('/form-figures', { ...query }))
export const formFilesUrl = (query: FormFiguresQuery, format: 'xlsx' | 'csv', language: string) =>
  withQuery('/api/v1/form-files', { ...query, format, language })
