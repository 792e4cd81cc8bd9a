/** Every setting of the forms that are made from schemas, by what it is called, so that it can be searched for. */
import { describePlugin, listPlugins, schemaOf, type Schema } from '@/api/admin'
import { ALL_KINDS, typeOf } from '@/api/definitions'
import { fieldOf, isFixed, label, membersOf } from '@/components/admin/schema'
import { i18n, localText } from '@/i18n'

export interface Found {
  page: string
  /** The page's own entry, such as a plugin's instance. */
  id?: string
  /** What it is called, from the page down to the setting. */
  words: string[]
}

const DEPTH = 6
/** What stands on which page, and at which entry of it; `group` is the catalogue's that names its fields. */
const FORMS: { page: string; id?: string; type: string; group?: string }[] = [
  { page: 'queues', type: 'QueueSettings' },
  { page: 'calendars', type: 'CalendarSettings' },
  { page: 'alarms', type: 'WallboardSettings' },
  { page: 'work-orders', type: 'WorkOrderSettings' },
  { page: 'score-sheets', type: 'ScoreSheet' },
  { page: 'sampling-plans', type: 'SamplingPlan' },
  { page: 'outreach', id: 'settings', type: 'OutreachSettings' },
  ...ALL_KINDS.map((page) => ({ page, type: typeOf(page), group: 'defined' })),
]

/** Return every setting of pages that `canSee`; what cannot be fetched is left out. */
export async function settingsIndex(canSee: (page: string) => boolean): Promise<Found[]> {
  const { t } = i18n.global
  const own = FORMS.filter(({ page }) => canSee(page)).map(async ({ page, id, type, group }) => {
    const schema = await schemaOf(type)
    return settingsOf(schema, group).map((words) => ({ page, id, words: [t(`admin.${page}`), ...words] }))
  })
  const all = await Promise.allSettled([...own, ...(canSee('plugins') ? [pluginSettings()] : [])])
  return all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}

async function pluginSettings(): Promise<Found[]> {
  const lists = (await listPlugins()).map(async ({ plugin, instances }) => {
    if (!plugin.name) return []
    const { schema } = await describePlugin(plugin.name)
    const title = localText(plugin.title, plugin.name)
    const id = instances[0]?.instance ?? `new:${plugin.name}`
    return settingsOf(schema).map((words) => ({ page: 'plugins', id, words: [title, ...words] }))
  })
  return (await Promise.allSettled(lists)).flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}

/** Return what each setting in `root` is called, with the groups around it. */
export function settingsOf(root: Schema, group?: string): string[][] {
  const found: string[][] = []
  const walk = (given: Schema, words: string[], depth: number): void => {
    const { kind, schema } = fieldOf(given, root)
    if (words.length) found.push(words)
    if (depth === DEPTH) return
    if (kind === 'union') for (const member of membersOf(schema, root)) walkParts(member.schema, words, depth)
    else if (kind === 'list' && typeof schema.items === 'object') walkParts(fieldOf(schema.items, root).schema, words, depth)
    else if (kind === 'object') walkParts(schema, words, depth)
  }
  const walkParts = (schema: Schema, words: string[], depth: number): void => {
    for (const [name, part] of Object.entries(schema.properties ?? {}))
      if (!isFixed(part)) walk(part, [...words, label(name, fieldOf(part, root).schema, group)], depth + 1)
  }
  walk(root, [], 0)
  return [...new Map(found.map((words) => [words.join('\n'), words])).values()]
}

/** Return what holds every word of `words`, those whose own name does first. */
export function findSettings(index: Found[], words: string): Found[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (!wanted.length) return []
  const holds = (text: string) => wanted.every((word) => text.toLowerCase().includes(word))
  const hits = index.filter((one) => holds(one.words.join(' ')))
  return [...hits.filter((one) => holds(one.words.at(-1)!)), ...hits.filter((one) => !holds(one.words.at(-1)!))]
}
