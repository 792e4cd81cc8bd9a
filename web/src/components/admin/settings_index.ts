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
export const FORMS: { page: string; id?: string; type: string; group?: string }[] = [
  { page: 'queues', type: 'QueueSettings' },
  { page: 'calendars', type: 'CalendarSettings' },
  { page: 'alarms', type: 'WallboardSettings' },
  { page: 'work-orders', type: 'WorkOrderSettings' },
  { page: 'score-sheets', type: 'ScoreSheet' },
  { page: 'sampling-plans', type: 'SamplingPlan' },
  { page: 'outreach', id: 'settings', type: 'OutreachSettings' },
  ...ALL_KINDS.map((page) => ({ page, type: typeOf(page), group: 'defined' })),
]

/** What pages whose forms are made by hand call their settings and what one does there: keys of the catalogue. */
export const HAND_MADE: Record<string, string[]> = {
  flows: ['flows.settings', 'flows.archive', 'flows.import', 'flows.export'],
  entries: ['flows.channel', 'flows.dialled', 'flows.flow', 'flows.else_queue'],
  prompts: ['prompts.record', 'prompts.upload', 'prompts.try', 'prompts.missing_only'],
  connectors: ['connectors.settings', 'connectors.trial'],
  users: [
    'users.username', 'users.display_name', 'users.work_number', 'users.roles', 'users.department', 'users.groups', 'users.queues', 'users.skills',
    'users.capacities', 'users.is_active', 'users.reset_password', 'roles.differences',
  ],
  phones: ['phone_accounts.owner', 'phone_accounts.kind', 'phone_accounts.account', 'phone_accounts.add'],
  queues: ['queues.retire'],
  codes: ['codes.parent', 'codes.queues', 'naming.position', 'naming.is_active'],
  reasons: ['naming.position', 'naming.is_active'],
  calendars: ['calendars.trial'],
  simulator: ['simulator.agents', 'simulator.arrivals', 'simulator.handling', 'simulator.patience', 'simulator.target', 'simulator.strategies'],
  recordings: ['recordings.keep_days', 'recordings.hold', 'recordings.export'],
  'service-rules': [
    'rules.measure', 'rules.severity', 'rules.limit', 'rules.least', 'rules.speaker', 'rules.moment', 'rules.phrases', 'rules.unless', 'rules.is_hinted',
    'rules.queue_ids', 'rules.channels', 'rules.trial',
  ],
  outreach: ['outreach.refusals', 'outreach.settings', 'outreach.test', 'outreach.audience'],
  templates: [
    'outreach.kinds', 'outreach.is_reply', 'outreach.needs_approval', 'outreach.topics', 'outreach.keywords', 'outreach.shortcut', 'outreach.external_id',
    'outreach.channels',
  ],
  transcription: ['transcription.transcribers', 'transcription.failed', 'transcription.export'],
  'dead-letters': ['dead_letters.parked_at'],
  backups: ['backups.make', 'backups.timetable', 'backups.hour', 'backups.keep', 'backups.code', 'backups.offsite', 'backups.place'],
  configuration: ['configuration.export', 'configuration.import'],
  system: ['system.disk', 'system.processes', 'system.streams', 'system.lines', 'system.engines'],
  about: ['about.libraries', 'about.license'],
  audit: ['audit.actor', 'audit.action_begins', 'audit.object_id'],
  calls: ['calls.number', 'calls.dialled', 'calls.least_calls', 'calls.answered'],
  'form-figures': ['form_figures.form'],
}

/** Hand every setting of pages that `canSee` to `add`: what is known here at once, the rest as it comes; what cannot be fetched is left out. */
export async function settingsIndex(canSee: (page: string) => boolean, add: (found: Found[]) => void): Promise<void> {
  const { t } = i18n.global
  const named = (page: string, names: string[]) => names.map((name) => ({ page, words: [t(`admin.${page}`), name] }))
  add(Object.entries(HAND_MADE).flatMap(([page, keys]) => (canSee(page) ? named(page, keys.map((key) => t(key))) : [])))
  if (canSee('roles')) add(named('roles', permissionNames()))
  const own = FORMS.filter(({ page }) => canSee(page)).map(async ({ page, id, type, group }) => {
    const schema = await schemaOf(type)
    add(settingsOf(schema, group).map((words) => ({ page, id, words: [t(`admin.${page}`), ...words] })))
  })
  await Promise.allSettled([...own, ...(canSee('plugins') ? [addPlugins(add)] : [])])
}

/** What roles allow, as the page of roles calls it. */
function permissionNames(): string[] {
  const { t, tm } = i18n.global
  return Object.keys(tm('permission')).map((name) => t(`permission.${name}`))
}

async function addPlugins(add: (found: Found[]) => void): Promise<void> {
  const plugins = (await listPlugins()).map(async ({ plugin, instances }) => {
    if (!plugin.name) return
    const { schema } = await describePlugin(plugin.name)
    const title = localText(plugin.title, plugin.name)
    const id = instances[0]?.instance ?? `new:${plugin.name}`
    add(settingsOf(schema).map((words) => ({ page: 'plugins', id, words: [title, ...words] })))
  })
  await Promise.allSettled(plugins)
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
