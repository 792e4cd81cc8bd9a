/** What differs between two versions of a flow: steps, ways and texts. */
import type { Change } from '@/api/configuration'
import type { Graph } from '@/api/flows'

const NOT_SHOWN = new Set(['name', 'version', 'nodes', 'layout'])

/** Return the changes from `before` to `after`, the flow's own first; moved steps are no change. */
export function differences(before: Graph, after: Graph): Change[] {
  const own = (graph: Graph) => Object.fromEntries(Object.entries(graph).filter(([field]) => !NOT_SHOWN.has(field)))
  const changes: Change[] = []
  const ofFlow = fieldsOf(own(before), own(after))
  if (ofFlow.length) changes.push({ section: 'flow', id: '', is_new: false, fields: ofFlow })
  for (const id of new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])) {
    const fields = fieldsOf(before.nodes[id] ?? {}, after.nodes[id] ?? {})
    if (fields.length) changes.push({ section: !(id in after.nodes) ? 'gone' : 'step', id, is_new: !(id in before.nodes), fields })
  }
  return changes
}

function fieldsOf(before: unknown, after: unknown): Change['fields'] {
  const [old, fresh] = [flat(before), flat(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((path) => old.get(path) !== fresh.get(path))
    .map((path) => ({ path, before: old.get(path) ?? '', after: fresh.get(path) ?? '' }))
}

/** Return every value by its path; the same for graphs that mean the same, however their fields are ordered. */
function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value)) value.forEach((one, at) => flat(one, `${path}[${at}]`, into))
  else if (value !== null && typeof value === 'object') for (const [name, one] of Object.entries(value)) flat(one, path ? `${path}.${name}` : name, into)
  else if (value !== null && value !== undefined && value !== '') into.set(path, String(value))
  return into
}
