import { expect, test } from 'vitest'

import type { FlowNode, Graph } from '@/api/flows'

import { differences } from './diff'
import { connect, freeId, renamed, waysOf, withoutStep, withStep } from './graph'
import { useHistory } from './history'

const SAY = { properties: { goto: { 'x-ref': 'node' }, text: {} }, required: ['goto'] }
const MENU = { properties: { otherwise: { 'x-ref': 'node' } } }
const schemas = new Map<string, object>([['say', SAY], ['menu', MENU], ['queue', {}], ['end', {}]])

const graph: Graph = {
  start: 'hello',
  human: 'people',
  nodes: {
    hello: { step: 'say', text: { zh: '您好' }, goto: 'menu' },
    menu: { step: 'menu', choices: [{ key: '1', label: { zh: '社保' }, goto: 'bye' }], otherwise: 'people' },
    people: { step: 'queue', queue_id: 'general', on: { full: 'bye' } },
    bye: { step: 'end' },
  },
  layout: { bye: [10, 20] },
}
const leads = (of: Graph, id: string) => waysOf(of.nodes[id], schemas.get(of.nodes[id].step)).map((way) => [way.path, way.to])

test('every way out of a step is known, those that lead nowhere yet too', () => {
  expect(leads(graph, 'menu')).toEqual([['choices[0].goto', 'bye'], ['otherwise', 'people']])
  expect(leads(graph, 'people')).toEqual([['on.served', ''], ['on.full', 'bye'], ['on.closed', ''], ['on.timed_out', '']])
})

test('a way is led elsewhere, in lists and maps too, and the graph before stays as it was', () => {
  expect(leads(connect(graph, 'menu', 'choices[0].goto', 'hello'), 'menu')[0]).toEqual(['choices[0].goto', 'hello'])
  expect(connect(graph, 'people', 'on.full', '').nodes.people.on).toEqual({})
  expect(leads(graph, 'menu')[0]).toEqual(['choices[0].goto', 'bye'])
})

test('a step added after another comes between it and what followed', () => {
  const fresh: FlowNode = { step: 'say', goto: 'people' }
  const after = withStep(graph, freeId(graph, 'hello'), fresh, 'hello')
  expect([after.nodes.hello.goto, after.nodes.hello_2.goto]).toEqual(['hello_2', 'menu'])
})

test('a step that is called otherwise is found under its new name from everywhere', () => {
  const after = renamed({ ...graph, entries: ['bye'] }, schemas, 'bye', 'farewell')
  expect(Object.keys(after.nodes)).toEqual(['hello', 'menu', 'people', 'farewell'])
  expect([leads(after, 'menu')[0][1], leads(after, 'people')[1][1], after.entries, after.layout]).toEqual(['farewell', 'farewell', ['farewell'], { farewell: [10, 20] }])
  expect(renamed(graph, schemas, 'people', 'agents').human).toBe('agents')
})

test('a deleted step leaves its place', () => {
  const after = withoutStep(graph, 'bye')
  expect([Object.keys(after.nodes), after.layout]).toEqual([['hello', 'menu', 'people'], {}])
})

test('two versions differ in steps, ways and texts, not in places or the order of fields', () => {
  const { nodes } = graph
  const after: Graph = {
    ...graph,
    human: 'menu',
    layout: { bye: [500, 0] },
    nodes: { hello: { goto: 'bye', text: { zh: '您好！' }, step: 'say' }, menu: nodes.menu, people: nodes.people, more: { step: 'end' } },
  }
  expect(differences(graph, { ...graph, layout: {} })).toEqual([])
  expect(differences(graph, after)).toEqual([
    { section: 'flow', id: '', is_new: false, fields: [{ path: 'human', before: 'people', after: 'menu' }] },
    { section: 'step', id: 'hello', is_new: false, fields: [{ path: 'text.zh', before: '您好', after: '您好！' }, { path: 'goto', before: 'menu', after: 'bye' }] },
    { section: 'gone', id: 'bye', is_new: false, fields: [{ path: 'step', before: 'end', after: '' }] },
    { section: 'step', id: 'more', is_new: true, fields: [{ path: 'step', before: '', after: 'end' }] },
  ])
})

test('what was saved is known again after undo and redo, and lost once its way is left', () => {
  const history = useHistory<number>()
  history.begin(0)
  history.change(1)
  history.markSaved()
  history.change(2)
  expect([history.isChanged.value, history.now.value]).toEqual([true, 2])
  history.undo()
  expect(history.isChanged.value).toBe(false)
  history.undo()
  history.change(3)
  expect([history.isChanged.value, history.canRedo.value, history.now.value]).toEqual([true, false, 3])
})
