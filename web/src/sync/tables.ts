/** The browser's copy of what the hub shows this agent, and how patches change it.
 *
 * Contacts, entries, messages of rooms and work orders are no tables here: they are loaded by those who show them
 * (stores/contacts.ts, stores/threads.ts, stores/rooms.ts, stores/work_orders.ts).
 */
import type {
  AgentView,
  BulletinView,
  ConversationView,
  DraftView,
  NotificationView,
  OfferView,
  QueueView,
  RoomView,
  TodoView,
} from '@/api/types'

export interface Rows {
  conversations: ConversationView
  offers: OfferView
  agents: AgentView
  queues: QueueView
  drafts: DraftView
  notifications: NotificationView
  todos: TodoView
  rooms: RoomView
  bulletins: BulletinView
  setup: unknown
}

export type TableName = keyof Rows
export type Tables = { [Name in TableName]: Map<string, Rows[Name]> }

export const TABLE_NAMES: readonly TableName[] = [
  'conversations',
  'offers',
  'agents',
  'queues',
  'drafts',
  'notifications',
  'todos',
  'rooms',
  'bulletins',
  'setup',
]

/** Put `value` under `key` of `table`, or delete it when `value` is null. */
export interface Patch {
  table: string
  key: string
  value: unknown
}

export type Snapshot = Partial<Record<string, Record<string, unknown>>>

export function emptyTables(): Tables {
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, new Map()])) as unknown as Tables
}

/** Make `tables` what `patches` say, in order; return the names of the tables touched, passing over other tables. */
export function apply(tables: Tables, patches: readonly Patch[]): Set<TableName> {
  const touched = new Set<TableName>()
  for (const { table, key, value } of patches) {
    if (!isTable(table)) continue
    const rows = tables[table] as Map<string, unknown>
    if (value === null) rows.delete(key)
    else rows.set(key, value)
    touched.add(table)
  }
  return touched
}

/** Make `tables` exactly what `snapshot` says. */
export function replace(tables: Tables, snapshot: Snapshot): void {
  for (const name of TABLE_NAMES) {
    const rows = tables[name] as Map<string, unknown>
    rows.clear()
    for (const [key, value] of Object.entries(snapshot[name] ?? {})) rows.set(key, value)
  }
}

function isTable(name: string): name is TableName {
  return (TABLE_NAMES as readonly string[]).includes(name)
}
