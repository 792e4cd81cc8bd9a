/** Reads the JSON Schema of settings the way a form needs it. Judging values is the hub's work, not ours. */
import type { Schema } from '@/api/admin'
import { i18n, localText } from '@/i18n'
import '@/i18n/admin'

export type Kind = 'text' | 'secret' | 'number' | 'switch' | 'choice' | 'choices' | 'object' | 'union' | 'list' | 'map' | 'json' | 'localized' | 'reference'

export interface Field {
  kind: Kind
  schema: Schema
  isNullable: boolean
}

/** One of the kinds of thing a tagged union may hold. */
export interface Member {
  tag: string
  schema: Schema
}

/** Return `schema` with its reference followed and `null` taken out of its alternatives. */
export function resolve(schema: Schema, root: Schema): { schema: Schema; isNullable: boolean } {
  let current = schema
  let isNullable = false
  for (let depth = 0; depth < 20; depth++) {
    if (current.$ref) {
      const target = root.$defs?.[current.$ref.split('/').at(-1)!] ?? {}
      const { $ref: _followed, ...own } = current
      current = { ...target, ...own }
      continue
    }
    const parts = current.anyOf ?? current.oneOf
    const others = parts?.filter((part) => part.type !== 'null')
    if (parts && others?.length === 1) {
      isNullable ||= others.length < parts.length
      const { anyOf: _any, oneOf: _one, ...own } = current
      current = { ...others[0], ...own }
      continue
    }
    if (parts && others && others.length < parts.length) {
      isNullable = true
      current = { ...current, [current.anyOf ? 'anyOf' : 'oneOf']: others }
    }
    break
  }
  return { schema: current, isNullable }
}

export function fieldOf(given: Schema, root: Schema): Field {
  const { schema, isNullable } = resolve(given, root)
  return { kind: kindOf(schema, root), schema, isNullable }
}

function kindOf(schema: Schema, root: Schema): Kind {
  if (schema['x-secret'] || schema.format === 'password') return 'secret'
  if (schema['x-ref']) return 'reference'
  if (schema['x-localized']) return 'localized'
  if (schema.enum) return 'choice'
  if (schema.discriminator && membersOf(schema, root).length) return 'union'
  if (schema.properties) return 'object'
  switch (schema.type) {
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'switch'
    case 'array':
      return listKind(schema, root)
    case 'object':
      return 'map'
    default:
      return 'json'
  }
}

function listKind(schema: Schema, root: Schema): Kind {
  if (typeof schema.items !== 'object') return 'json'
  const item = resolve(schema.items, root).schema
  return item.enum ? 'choices' : 'list'
}

/** Return the members of a tagged union, in the order they were declared. */
export function membersOf(union: Schema, root: Schema): Member[] {
  const name = union.discriminator?.propertyName ?? ''
  return (union.anyOf ?? union.oneOf ?? []).flatMap((part) => {
    const { schema } = resolve(part, root)
    const tag = schema.properties?.[name]?.enum?.[0] ?? schema.properties?.[name]?.const
    return tag === undefined || tag === null ? [] : [{ tag: String(tag), schema }]
  })
}

/** Return `value` as another member of its union: what both have stays, secrets are not handed on. */
export function asMember(value: Record<string, unknown>, member: Member, union: Schema, root: Schema): unknown {
  const fresh = blank(member.schema, root) as Record<string, unknown>
  for (const [name, part] of Object.entries(member.schema.properties ?? {})) {
    const isOwn = name === union.discriminator?.propertyName || fieldOf(part, root).kind === 'secret'
    if (!isOwn && typeof value[name] === typeof fresh[name]) fresh[name] = value[name]
  }
  return fresh
}

/** Whether a field has only one possible value, such as the tag of a union's member, and nothing to ask for. */
export function isFixed(schema: Schema): boolean {
  return schema.const !== undefined || schema.enum?.length === 1
}

/** Return what a new value of `schema` starts as. */
export function blank(given: Schema, root: Schema): unknown {
  const { kind, schema, isNullable } = fieldOf(given, root)
  if (schema.default !== undefined) return structuredClone(schema.default)
  if (isNullable) return null
  return filled(kind, schema, root)
}

/** Return what a new value of `schema` starts as when it is to be set, although it could be left out. */
export function filled(kind: Kind, schema: Schema, root: Schema): unknown {
  if (schema.const !== undefined) return schema.const
  if (kind === 'union') return blank(membersOf(schema, root)[0].schema, root)
  if (kind === 'object') {
    const entries = Object.entries(schema.properties ?? {})
    return Object.fromEntries(entries.map(([name, part]) => [name, blank(part, root)]))
  }
  return { text: '', secret: '', number: schema.minimum ?? 0, switch: false, choices: [], list: [], map: {}, json: null, localized: {}, reference: '', choice: schema.enum?.[0] ?? '' }[kind]
}

/** Return what to call a field: its own title, the catalogue's (`group` before the settings), or its name in words. */
export function label(name: string, schema: Schema, group = 'setting'): string {
  const { t, te } = i18n.global
  if (schema['x-title']) return localText(schema['x-title'])
  for (const key of [`${group}.${name}`, `setting.${name}`]) if (te(key, 'zh')) return t(key)
  const own = schema.properties ? undefined : schema.title // of an object it is the name of a Python class
  return own ?? name.replaceAll('_', ' ')
}

/** Return the help below a field, if there is any: its own, or the catalogue's. */
export function help(name: string, schema: Schema, group = 'setting'): string {
  const { t, te } = i18n.global
  const key = `${group}_help.${name}`
  if (!schema['x-description'] && te(key, 'zh')) return t(key)
  return localText(schema['x-description'], schema.properties ? '' : (schema.description ?? ''))
}

/** Return what it means that a number is left empty. */
export function unsetText(name: string): string {
  const { t, te } = i18n.global
  return te(`setting_unset.${name}`, 'zh') ? t(`setting_unset.${name}`) : t('schema.no_limit')
}

/** Return what to call the part at `path` in words: `Mailboxes 2 › Password`. */
export function pathLabel(path: string, root: Schema, group?: string): string {
  const words: string[] = []
  let schema = resolve(root, root).schema
  for (const [, name, at] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (at !== undefined) {
      words.push(`${words.pop() ?? ''} ${Number(at) + 1}`.trim())
      schema = resolve(typeof schema.items === 'object' ? schema.items : {}, root).schema
      continue
    }
    const more = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {}
    const parts = [schema, ...membersOf(schema, root).map((member) => member.schema)]
    const part = parts.find((one) => one.properties?.[name])?.properties?.[name]
    schema = resolve(part ?? more, root).schema
    words.push(part ? label(name, schema, group) : name)
  }
  return words.join(' › ')
}

/** The path of a part as the hub names it in faults: `hours[0].opens`. */
export function join(path: string, part: string | number): string {
  if (typeof part === 'number') return `${path}[${part}]`
  return path ? `${path}.${part}` : part
}
