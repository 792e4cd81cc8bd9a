/** What changed in a flow in words: `on.served` is called as on the form of its step, values as their choices. */
import { i18n } from '@/i18n'

/** The groups of the catalogue that may know a part of a path, the likeliest first. */
const GROUPS = ['flow_field', 'flows.way', 'flows.way.on', 'flows.outcome', 'prompts', 'setting']

/** Return what to call the value at `path`: `Choices 2 › Label`. */
export function pathWords(path: string): string {
  const { t, te } = i18n.global
  const words: string[] = []
  for (const [, name, at] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (at !== undefined) words.push(`${words.pop() ?? ''} ${Number(at) + 1}`.trim())
    else if (name === 'step') words.push(t('flows.kind'))
    else if (name !== 'on') words.push(wordOf(name, t, te))
  }
  return words.join(' › ')
}

/** Return how to write the value at `path`. */
export function valueWords(path: string, value: string): string {
  const { t, te } = i18n.global
  if (value === 'true' || value === 'false') return t(value === 'true' ? 'form.yes' : 'form.no')
  const field = path.split('.').at(-1)
  const group = field === 'step' ? 'flows.step' : field === 'op' || field === 'kind' ? 'flow_choice' : ''
  return group && te(`${group}.${value}`, 'zh') ? t(`${group}.${value}`) : value
}

function wordOf(name: string, t: (key: string) => string, te: (key: string, locale: 'zh') => boolean): string {
  for (const group of GROUPS) {
    const key = `${group}.${name}`
    const text = te(key, 'zh') ? t(key) : ''
    if (text && text !== key) return text
  }
  return name
}
