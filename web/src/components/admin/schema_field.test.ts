import { expect, it, vi } from 'vitest'
import { createApp, h, nextTick, ref } from 'vue'

import { i18n } from '@/i18n'
import { FORM, PLAIN } from './form_context'
import SchemaField from './SchemaField.vue'

vi.mock('element-plus/es', async () => {
  const { defineComponent, h } = await import('vue')
  const ElSelect = defineComponent({
    emits: ['update:modelValue'],
    setup: (_, { emit, slots }) => () =>
      h('select', { onChange: (event: Event) => emit('update:modelValue', (event.target as HTMLSelectElement).value) }, slots.default?.()),
  })
  const ElOption = defineComponent({ props: ['value', 'label'], setup: (props) => () => h('option', { value: props.value }, props.label) })
  return { ElSelect, ElOption, ElSwitch: defineComponent(() => () => h('input', { type: 'checkbox' })) }
})

const secret = { type: 'string', format: 'password', 'x-secret': true }
const root = {
  $ref: '#/$defs/Config',
  $defs: {
    Config: { type: 'object', properties: { boxes: { type: 'array', items: { $ref: '#/$defs/Box' } } } },
    Box: {
      type: 'object',
      properties: {
        mast: { type: 'string' },
        hush: secret,
        way: { anyOf: [{ $ref: '#/$defs/Smtp' }, { $ref: '#/$defs/Api' }, { type: 'null' }], discriminator: { propertyName: 'kind' } },
      },
    },
    Smtp: { type: 'object', properties: { kind: { enum: ['smtp'] }, port: { type: 'integer', default: 25 } } },
    Api: { type: 'object', properties: { kind: { enum: ['api'] }, badge: secret } },
  },
}

/** Show a form of `settings`; `values` is what it would save. */
async function show(settings: Record<string, unknown>, faults: Record<string, string> = {}) {
  const values = ref<unknown>(settings)
  const page = document.createElement('div')
  const app = createApp({
    render: () =>
      h(SchemaField, { name: '', path: '', schema: root, root, faults, modelValue: values.value, 'onUpdate:modelValue': (value: unknown) => (values.value = value) }),
  })
  app.use(i18n).mount(page)
  const press = async (name: string) => {
    const found = [...page.querySelectorAll<HTMLElement>('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim() === name)
    found!.click()
    await nextTick()
  }
  return { page, values, press }
}

it('moves, adds and removes entries, each with its own secret', async () => {
  const { page, values, press } = await show({ boxes: [{ mast: 'a', hush: '***', way: null }, { mast: 'b', hush: '', way: null }] })
  await press('下移 boxes 1')
  expect(values.value).toEqual({ boxes: [{ mast: 'b', hush: '', way: null }, { mast: 'a', hush: '***', way: null }] })
  const secrets = () => [...page.querySelectorAll<HTMLInputElement>('input[type=password]')].map((one) => one.placeholder)
  expect(secrets()).toEqual(['', '已设置，留空则不变'])
  await press('添加boxes')
  await press('移除 boxes 1')
  expect(values.value).toEqual({ boxes: [{ mast: 'a', hush: '***', way: null }, { mast: '', hush: '', way: null }] })
  expect(secrets()).toEqual(['已设置，留空则不变', ''])
})

it('clears a secret only when asked to', async () => {
  const { page, values, press } = await show({ boxes: [{ mast: 'a', hush: '***', way: null }] })
  const field = page.querySelector<HTMLInputElement>('input[type=password]')!
  const type = (text: string) => {
    field.value = text
    field.dispatchEvent(new Event('input'))
  }
  const saved = () => (values.value as { boxes: { hush: string }[] }).boxes[0].hush
  type('new')
  expect(saved()).toBe('new')
  type('')
  expect(saved()).toBe('***')
  await press('清除hush')
  expect(saved()).toBe('')
})

it('offers the kinds of a tagged union, and asks only for what the chosen one needs', async () => {
  const { page, values, press } = await show({ boxes: [{ mast: 'a', hush: '', way: null }] })
  await press('添加way')
  expect(values.value).toEqual({ boxes: [{ mast: 'a', hush: '', way: { kind: 'smtp', port: 25 } }] })
  const select = page.querySelector('select')!
  select.value = 'api'
  select.dispatchEvent(new Event('change'))
  await nextTick()
  expect(values.value).toEqual({ boxes: [{ mast: 'a', hush: '', way: { kind: 'api', badge: '' } }] })
  expect(page.textContent).toContain('badge')
  expect(page.textContent).not.toContain('port')
  await press('移除 way')
  expect(values.value).toEqual({ boxes: [{ mast: 'a', hush: '', way: null }] })
})

it('says beside the field what is wrong with it', async () => {
  const { page } = await show({ boxes: [{ mast: '', hush: '', way: null }] }, { 'boxes[0].mast': 'missing' })
  const field = page.querySelector<HTMLInputElement>('[aria-invalid=true]')!
  expect(page.querySelector(`#${field.getAttribute('aria-describedby')}`)!.textContent).toBe('必须填写')
})

it.each([
  ['new', ['', 'new', 'late']],
  ['old', ['', 'new', 'old', 'late']],
])('offers what is retired only where it is chosen already: %s', (parent, names) => {
  const offered = [{ id: 'new', title: 'New' }, { id: 'old', title: 'Old', isRetired: true }, { id: 'late', title: 'Late', isRetired: false }]
  const schema = { type: 'string', 'x-ref': 'department' }
  const page = document.createElement('div')
  createApp(() => h(SchemaField, { name: 'parent', path: 'parent', schema, root: schema, faults: {}, modelValue: parent }))
    .use(i18n)
    .provide(FORM, { ...PLAIN, references: () => offered })
    .mount(page)
  expect([...page.querySelectorAll('option')].map((one) => one.value)).toEqual(names)
})
