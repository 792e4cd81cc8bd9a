/** What can be done to a flow's graph; every operation returns a new one. */
import type { Schema } from '@/api/admin'
import type { FlowNode, Graph } from '@/api/flows'

/** A way out of a step: the field that names where it leads (`choices[0].goto`). */
export interface Way {
  path: string
  /** The field without its place in a list: `choices`, `on.full`, `goto`. */
  field: string
  /** What is to be seen of it beside its field: a key and its words. */
  text: string
  to: string
  isRequired: boolean
}

type Option = { key?: string; label?: Record<string, string>; goto?: string }

const QUEUE_ENDS = ['served', 'full', 'closed', 'timed_out']

/** Return every way out of a step, in the order of its form; ways that lead nowhere yet are among them. */
export function waysOf(node: FlowNode, schema: Schema | undefined, language = 'zh'): Way[] {
  const ways: Way[] = []
  for (const [at, one] of ((node.choices as Option[] | undefined) ?? []).entries()) {
    const words = one.label?.[language] ?? Object.values(one.label ?? {})[0] ?? ''
    ways.push({ path: `choices[${at}].goto`, field: 'choices', text: `${one.key ?? ''} ${words}`.trim(), to: one.goto ?? '', isRequired: true })
  }
  for (const [at, one] of ((node.cases as Option[] | undefined) ?? []).entries()) {
    ways.push({ path: `cases[${at}].goto`, field: 'cases', text: String(at + 1), to: one.goto ?? '', isRequired: true })
  }
  if (node.step === 'queue') {
    const on = (node.on ?? {}) as Record<string, string>
    for (const end of QUEUE_ENDS) ways.push({ path: `on.${end}`, field: `on.${end}`, text: '', to: on[end] ?? '', isRequired: false })
  }
  for (const [field, part] of Object.entries(schema?.properties ?? {})) {
    if (part['x-ref'] !== 'node') continue
    ways.push({ path: field, field, text: '', to: String(node[field] ?? ''), isRequired: schema?.required?.includes(field) ?? false })
  }
  return ways
}

/** Return `node` with the way at `path` leading to `to`; nowhere when that is empty. */
export function withWay(node: FlowNode, path: string, to: string): FlowNode {
  const inList = /^(\w+)\[(\d+)\]\.goto$/.exec(path)
  if (inList) {
    const list = node[inList[1]] as Option[]
    return { ...node, [inList[1]]: list.map((one, at) => (at === Number(inList[2]) ? { ...one, goto: to } : one)) }
  }
  if (path.startsWith('on.')) {
    const { [path.slice(3)]: _before, ...others } = (node.on ?? {}) as Record<string, string>
    return { ...node, on: to ? { ...others, [path.slice(3)]: to } : others }
  }
  return { ...node, [path]: to }
}

export function connect(graph: Graph, id: string, path: string, to: string): Graph {
  return { ...graph, nodes: { ...graph.nodes, [id]: withWay(graph.nodes[id], path, to) } }
}

/** Return a name for a new step that no step has. */
export function freeId(graph: Graph, wanted: string): string {
  if (!(wanted in graph.nodes)) return wanted
  let number = 2
  while (`${wanted}_${number}` in graph.nodes) number += 1
  return `${wanted}_${number}`
}

/** Return the graph with a step more; one added `after` another comes between it and what followed by `goto`. */
export function withStep(graph: Graph, id: string, node: FlowNode, after = ''): Graph {
  const before = graph.nodes[after]
  const isBetween = before !== undefined && typeof before.goto === 'string' && 'goto' in node
  const nodes = { ...graph.nodes, [id]: isBetween ? { ...node, goto: before.goto } : node }
  if (isBetween) nodes[after] = { ...before, goto: id }
  return { ...graph, nodes }
}

export function withoutStep(graph: Graph, id: string): Graph {
  const { [id]: _node, ...nodes } = graph.nodes
  const { [id]: _place, ...layout } = graph.layout ?? {}
  return { ...graph, nodes, layout }
}

/** Return the graph with the step `before` called `after`, wherever it is named. */
export function renamed(graph: Graph, schemas: Map<string, Schema>, before: string, after: string): Graph {
  const name = (id: string) => (id === before ? after : id)
  const nodes = Object.entries(graph.nodes).map(([id, node]) => {
    let led = node
    for (const way of waysOf(node, schemas.get(node.step))) if (way.to === before) led = withWay(led, way.path, after)
    return [name(id), led] as const
  })
  const layout = Object.entries(graph.layout ?? {}).map(([id, place]) => [name(id), place] as const)
  return {
    ...graph,
    start: name(graph.start),
    ...(graph.human !== undefined && { human: name(graph.human) }),
    ...(graph.entries && { entries: graph.entries.map(name) }),
    nodes: Object.fromEntries(nodes),
    layout: Object.fromEntries(layout),
  }
}

/** Return the first words a step says, or what else tells it from others. */
export function summary(node: FlowNode, language: string): string {
  const text = (node.text ?? {}) as Record<string, string>
  const words = text[language] ?? Object.values(text)[0]
  if (words) return words
  const value = node.queue_id ?? node.calendar ?? node.connector ?? node.flow ?? node.number ?? node.question ?? node.channel ?? node.reason
  if (typeof value === 'string') return value
  return node.values && typeof node.values === 'object' ? Object.keys(node.values).join(', ') : ''
}
