/** Places a flow's steps in columns by their distance from the start. */
import type { FlowNode, Graph } from '@/api/flows'

export const BOX = { width: 190, height: 52, gapX: 70, gapY: 22 }
const WAYS = ['goto', 'otherwise', 'on_timeout', 'on_failure', 'on_missing', 'on_unsure', 'open', 'closed', 'holiday']

export interface Placed {
  id: string
  x: number
  y: number
}

export interface Way {
  from: string
  to: string
  label: string
}

/** Return every way out of a step, with the key or the field that leads there. */
export function waysOf(id: string, node: FlowNode): Way[] {
  const ways: Way[] = []
  const add = (to: unknown, label: string) => typeof to === 'string' && to && ways.push({ from: id, to, label })
  for (const one of (node.choices as { key: string; goto: string }[] | undefined) ?? []) add(one.goto, one.key)
  for (const [at, one] of ((node.cases as { goto: string }[] | undefined) ?? []).entries()) add(one.goto, String(at + 1))
  for (const [end, to] of Object.entries((node.on as Record<string, string> | undefined) ?? {})) add(to, end)
  for (const field of WAYS) add(node[field], field === 'goto' ? '' : field)
  return ways
}

export function layOut(graph: Graph): { placed: Map<string, Placed>; ways: Way[]; width: number; height: number } {
  const ways = Object.entries(graph.nodes).flatMap(([id, node]) => waysOf(id, node))
  const column = new Map<string, number>([[graph.start, 0]])
  for (const id of column.keys()) // grows while it is gone through: breadth first
    for (const way of ways) if (way.from === id && !column.has(way.to) && way.to in graph.nodes) column.set(way.to, column.get(id)! + 1)
  for (const id of Object.keys(graph.nodes)) if (!column.has(id)) column.set(id, 0)
  const used: number[] = []
  const placed = new Map<string, Placed>()
  for (const [id, at] of column) {
    if (!(id in graph.nodes)) continue
    const row = used[at] ?? 0
    used[at] = row + 1
    placed.set(id, { id, x: 10 + at * (BOX.width + BOX.gapX), y: 10 + row * (BOX.height + BOX.gapY) })
  }
  const width = 20 + used.length * (BOX.width + BOX.gapX)
  const height = 20 + Math.max(1, ...used.map((one) => one ?? 0)) * (BOX.height + BOX.gapY)
  return { placed, ways: ways.filter((way) => placed.has(way.to)), width, height }
}

/** Return an SVG path from the right side of one box to the left side of another. */
export function line(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2]
  const [x2, y2] = [to.x, to.y + BOX.height / 2]
  const bend = Math.max(40, Math.abs(x2 - x1) / 2)
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`
}
