/** A flow that is being edited: its graph with undo and redo, what lint says of it, saving beside others who edit. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue'

import { schemaOf, type Schema } from '@/api/admin'
import { ApiError } from '@/api/client'
import { checkGraph, getGraph, saveGraph, type FlowFault, type FlowNode, type FlowView, type Graph } from '@/api/flows'
import { blank, fieldOf, membersOf } from '@/components/admin/schema'
import { i18n } from '@/i18n'

import { connect, freeId, renamed, waysOf, withoutStep, withStep, type Way } from './graph'
import { useHistory } from './history'
import { BOX, layOut, type Places } from './layout'

const CHECK_MS = 400

export function useDraft(flow: Ref<FlowView>) {
  const history = useHistory<Graph>()
  const root = shallowRef<Schema | null>(null)
  const version = ref(flow.value.versions[0]?.version ?? 0)
  const newest = ref(version.value)
  const chosen = ref('')
  const faults = shallowRef<FlowFault[]>([])
  const refused = shallowRef<Record<string, string>>({})

  const graph = history.now
  const members = computed(() => {
    if (!root.value) return []
    const nodes = fieldOf(root.value, root.value).schema.properties?.nodes?.additionalProperties
    return typeof nodes === 'object' ? membersOf(fieldOf(nodes, root.value).schema, root.value) : []
  })
  const schemas = computed(() => new Map(members.value.map((one) => [one.tag, one.schema])))
  const node = computed(() => graph.value?.nodes[chosen.value])
  const faulty = computed(() => {
    const refusedSteps = Object.keys(refused.value).flatMap((path) => /^nodes\.([^.[]+)/.exec(path)?.[1] ?? [])
    return new Set([...faults.value.map((fault) => fault.node ?? ''), ...refusedSteps])
  })
  const waysIn = (of: Graph, id: string): Way[] => waysOf(of.nodes[id], schemas.value.get(of.nodes[id].step), i18n.global.locale.value)
  const ways = computed(() => new Map(Object.keys(graph.value?.nodes ?? {}).map((id) => [id, waysIn(graph.value!, id)])))
  const places = computed<Places>(() => (graph.value ? placesOf(graph.value) : {}))
  /** The steps as somebody would meet them. */
  const order = computed(() => Object.keys(places.value).sort((a, b) => places.value[a][0] - places.value[b][0] || places.value[a][1] - places.value[b][1]))

  function placesOf(of: Graph): Places {
    const known = Object.entries(of.layout ?? {}).filter(([id]) => id in of.nodes)
    return { ...layOut(of, (id) => waysIn(of, id)), ...Object.fromEntries(known) }
  }

  const edit = (change: (now: Graph) => Graph) => graph.value && history.change(change(graph.value))
  const setNode = (value: FlowNode) => edit((now) => ({ ...now, nodes: { ...now.nodes, [chosen.value]: value } }))
  const move = (id: string, x: number, y: number) => edit((now) => ({ ...now, layout: { ...places.value, [id]: [x, y] } }))
  const lead = (id: string, path: string, to: string) => edit((now) => connect(now, id, path, to))

  /** Add a step of `kind`: after the chosen one, or where it was dropped. */
  function add(kind: string, at?: [number, number]): void {
    const member = members.value.find((one) => one.tag === kind)
    if (!member || !root.value || !graph.value) return
    const id = freeId(graph.value, kind)
    const fresh = { ...(blank(member.schema, root.value) as object), step: kind } as FlowNode
    const aim = graph.value.human || graph.value.start
    for (const way of waysOf(fresh, member.schema)) if (way.isRequired && !way.path.includes('[')) fresh[way.path] = aim
    const [x, y] = places.value[chosen.value] ?? [0, 0]
    const place = at ?? [x + (chosen.value ? BOX.width + BOX.gapX : 0), y - 110]
    edit((now) => ({ ...withStep(now, id, fresh, at ? '' : chosen.value), layout: { ...places.value, [id]: place } }))
    chosen.value = id
  }

  function duplicate(): void {
    if (!graph.value || !node.value) return
    const id = freeId(graph.value, chosen.value)
    const copy = structuredClone(node.value)
    const [x, y] = places.value[chosen.value]
    edit((now) => ({ ...now, nodes: { ...now.nodes, [id]: copy }, layout: { ...places.value, [id]: [x + 30, y + 60] } }))
    chosen.value = id
  }

  function remove(id: string): void {
    edit((now) => withoutStep({ ...now, layout: { ...places.value } }, id))
    if (chosen.value === id) chosen.value = ''
  }

  function rename(after: string): void {
    const before = chosen.value
    edit((now) => renamed(now, schemas.value, before, after))
    chosen.value = after
  }

  async function open(): Promise<void> {
    root.value ??= await schemaOf('Flow')
    history.begin(await getGraph(flow.value.flow_id, version.value))
    chosen.value = ''
  }

  /** Keep the graph as a new version; ApiError `edited_meanwhile` when somebody else saved one. */
  async function save(note: string): Promise<number> {
    const answer = await saveGraph(flow.value.flow_id, graph.value!, note, newest.value)
    history.markSaved()
    version.value = newest.value = answer.version
    return answer.version
  }

  let timer: number | undefined
  watch(graph, (now) => {
    clearTimeout(timer)
    timer = window.setTimeout(async () => {
      if (!now) return
      try {
        const found = await checkGraph(now)
        if (now !== graph.value) return
        faults.value = found
        refused.value = {}
      } catch (error) {
        if (error instanceof ApiError && now === graph.value) refused.value = error.fields
      }
    }, CHECK_MS)
  })

  return {
    ...history, graph, root, members, schemas, version, newest, chosen, node, faults, refused, faulty, ways, places, order,
    edit, setNode, move, lead, add, duplicate, remove, rename, open, save,
  }
}
