/** Places steps in columns by their distance from the start, each near those that lead to it. */
import type { Graph } from '@/api/flows'

import type { Way } from './graph'

export const BOX = { width: 220, head: 64, way: 26, gapX: 90, gapY: 28 }

export type Places = Record<string, [number, number]>

export const heightOf = (ways: Way[]) => BOX.head + ways.length * BOX.way

/** Return where every step stands when nobody moved any. */
export function layOut(graph: Graph, waysOf: (id: string) => Way[]): Places {
  const ways = new Map(Object.keys(graph.nodes).map((id) => [id, waysOf(id)]))
  const column = new Map<string, number>()
  const leads = new Map<string, string>() // from each step to one that leads to it
  for (const root of [graph.start, ...Object.keys(graph.nodes)]) {
    if (column.has(root) || !(root in graph.nodes)) continue
    column.set(root, 0)
    const queue = [root]
    for (const id of queue) // grows while it is gone through: breadth first
      for (const { to } of ways.get(id) ?? [])
        if (to in graph.nodes && !column.has(to)) {
          column.set(to, column.get(id)! + 1)
          leads.set(to, id)
          queue.push(to)
        }
  }
  const columns: string[][] = []
  for (const [id, at] of column) (columns[at] ??= []).push(id)
  const places: Places = {}
  columns.forEach((ids, at) => {
    let y = 0
    const wanted = (id: string) => places[leads.get(id) ?? '']?.[1] ?? 0
    for (const id of [...ids].sort((one, other) => wanted(one) - wanted(other))) {
      places[id] = [at * (BOX.width + BOX.gapX), y]
      y += heightOf(ways.get(id) ?? []) + BOX.gapY
    }
  })
  return places
}
