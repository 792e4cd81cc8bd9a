import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, h, nextTick, shallowRef, type App } from 'vue'

import type { ConversationView, Form } from '@/api/types'
import { i18n } from '@/i18n'
import { router } from '@/router'
import { useDesk } from '@/stores/desk'
import WrapUpForm from './WrapUpForm.vue'

const form = (title: string, change: Partial<Form> = {}): Form => ({
  title: { zh: title },
  queue_ids: [],
  fields: [{ name: 'age', title: { zh: '年龄' }, kind: 'number', hint: { zh: '周岁' }, options: [], is_required: false }],
  is_required: false,
  is_active: true,
  ...change,
})
const FORMS = { visit: form('上门'), repair: form('报修'), old: form('旧表', { is_active: false }), far: form('远', { queue_ids: ['elsewhere'] }) }

const row = (id: string, change: Partial<ConversationView> = {}): ConversationView => ({
  conversation_id: id,
  contact_id: 'k1',
  instance: 'web-main',
  channel: 'web',
  address: 'web:1',
  state: 'wrap_up',
  agent_id: 'me',
  queue_id: 'here',
  opened_at: '2026-11-20T08:00:00Z',
  ...change,
})

const LOADED_MS = 10_000 // a bound, for machines under load

interface Sent {
  path: string
  body: { summary?: string; form?: { form_id: string; values: Record<string, string> } }
}

let sent: Sent[]
/** What the hub answers: a status, and the fields it finds faults with. */
let answer: (call: Sent) => [number, Record<string, string>?]
let app: App

beforeEach(() => {
  sent = []
  answer = () => [200]
  setActivePinia(createPinia())
  vi.stubGlobal('fetch', async (path: string, { body }: { body: string }) => {
    const call = { path: path.replace('/api/v1/conversations/', ''), body: JSON.parse(body) }
    sent.push(call)
    const [status, fields] = answer(call)
    return new Response(JSON.stringify(status === 200 ? {} : { error: { code: 'invalid', message: '', fields } }), { status })
  })
})
afterEach(() => {
  answer = () => [200] // closing saves what is left
  app.unmount()
})

async function open(first: ConversationView) {
  useDesk().setup.forms = FORMS
  const shown = shallowRef(first)
  const page = document.createElement('div')
  app = createApp({ render: () => h(WrapUpForm, { conversation: shown.value }) })
  app.use(i18n).use(router).mount(page)
  await vi.waitFor(() => expect(page.querySelector('select')).not.toBeNull(), LOADED_MS)
  const change = async (selector: string, value: string, event = 'input') => {
    const field = page.querySelector<HTMLInputElement>(selector)!
    field.value = value
    field.dispatchEvent(new Event(event))
    await nextTick()
  }
  return {
    page,
    type: (words: string) => change('#summary', words),
    choose: (id: string) => change('select', id, 'change'),
    fill: (value: string) => change('.fields input', value),
    value: (selector: string) => page.querySelector<HTMLInputElement>(selector)!.value,
    show: async (next: ConversationView) => {
      shown.value = next
      await nextTick()
    },
  }
}

it('keeps what could not be saved with the conversation it was written for', async () => {
  const { type, show, value } = await open(row('a'))
  answer = ({ path }) => [path === 'a' ? 503 : 200]
  await type('for a')
  await show(row('b', { summary: 'of b' }))
  await vi.waitFor(() => expect(sent).toHaveLength(1), LOADED_MS)
  await type('for b')
  answer = () => [200]
  await show(row('a'))
  expect(value('#summary')).toBe('for a')
  await vi.waitFor(() => expect(sent).toHaveLength(3), LOADED_MS)
  expect(sent.map(({ path, body }) => [path, body.summary])).toEqual([['a', 'for a'], ['b', 'for b'], ['a', 'for a']])
})

it('saves the summary when a field is at fault, says which, and loses nothing of the form', async () => {
  const { page, type, fill, show, value } = await open(row('a', { form: { form_id: 'visit', values: {} } }))
  answer = ({ body }) => (body.form?.values.age ? [422, { 'form.values.age': 'not a number' }] : [200])
  await fill('12')
  await type('done')
  await vi.waitFor(() => expect(page.querySelector('.fields [role=alert]')).not.toBeNull(), LOADED_MS)
  expect(sent.at(-1)!.body).toEqual({ summary: 'done', tags: [] })
  const described = page.querySelector('.fields input')!.getAttribute('aria-describedby')!.split(' ')
  expect(described.map((id) => page.querySelector(`[id="${id}"]`)?.className)).toEqual(['hint', 'fault'])
  await show(row('b'))
  await show(row('a', { form: { form_id: 'visit', values: {} } }))
  expect(value('.fields input')).toBe('12')
})

it('says that a form is not used here any more and leaves it alone', async () => {
  const { page, type, show } = await open(row('none'))
  for (const form_id of ['old', 'far']) {
    await show(row(form_id, { form: { form_id, values: { age: '12' } } }))
    expect(page.querySelector('[role=alert]')?.textContent).toBe(i18n.global.t('form.gone'))
    expect(page.querySelector<HTMLFieldSetElement>('.fields')!.disabled).toBe(true)
    await type(form_id)
    await show(row('none'))
    await vi.waitFor(() => expect(sent.at(-1)?.body).toEqual({ summary: form_id, tags: [] }), LOADED_MS)
  }
})

it('gives back what was filled in when another form was only passed by', async () => {
  const { choose, fill, value } = await open(row('a'))
  await choose('visit')
  await fill('12')
  await choose('repair')
  expect(value('.fields input')).toBe('')
  await choose('visit')
  expect(value('.fields input')).toBe('12')
})

it('saves what was written when the end is refused', async () => {
  const { page, type } = await open(row('a', { wrap_up_code: 'solved' }))
  answer = ({ path }) => (path.endsWith('/wrap-up') ? [422, { 'form.form_id': 'missing' }] : [200])
  await type('done')
  page.querySelector('form')!.dispatchEvent(new Event('submit'))
  await vi.waitFor(() => expect(sent.map(({ path }) => path)).toEqual(['a/wrap-up', 'a']), LOADED_MS)
  await vi.waitFor(() => expect(page.querySelector('[role=alert]')?.textContent).toBe(i18n.global.t('form.needed')), LOADED_MS)
})
