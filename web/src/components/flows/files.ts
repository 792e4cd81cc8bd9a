/** Flows as files. */
import type { Graph } from '@/api/flows'
import { i18n } from '@/i18n'

/** Return the graph in `file`; an Error in the reader's language when there is none. What is wrong inside, lint says. */
export async function readGraph(file: File): Promise<Graph> {
  let read: unknown
  try {
    read = JSON.parse(await file.text())
  } catch (error) {
    throw new Error(i18n.global.t('configuration.not_json', { fault: String(error) }))
  }
  const graph = read as Partial<Graph> | null
  if (typeof graph !== 'object' || graph === null || typeof graph.nodes !== 'object' || graph.nodes === null || typeof graph.start !== 'string') {
    throw new Error(i18n.global.t('flows.no_flow'))
  }
  return graph as Graph
}
