import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, it, vi } from 'vitest'
import { createApp, defineComponent, h } from 'vue'

import { useSettings } from '@/stores/settings'
import { faultOf, keyLabel, keyOf, nameOf, useShortcuts } from './shortcuts'

beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
})

const press = (init: KeyboardEventInit) => nameOf(new KeyboardEvent('keydown', init))

it('names keys by where they are, so that any layout works', () => {
  expect(press({ code: 'KeyA', key: 'å', altKey: true })).toBe('alt+a')
  expect(press({ code: 'KeyK', key: 'k', ctrlKey: true })).toBe('ctrl+k')
  expect(press({ code: 'Slash', key: '?', shiftKey: true })).toBe('?')
})

it('has the key that a person chose', () => {
  expect(keyLabel('accept')).toBe('Alt A')
  useSettings().values.keys = { accept: 'alt+q' }
  expect(keyOf('accept')).toBe('alt+q')
  expect(keyLabel('accept')).toBe('Alt Q')
})

it.each([
  ['alt+d', 'reserved'], // Chrome's address bar
  ['ctrl+w', 'reserved'],
  ['ctrl+ ', 'reserved'], // switches input methods
  ['alt+1', 'reserved'],
  ['k', 'reserved'], // a letter alone is typed
  ['alt+w', 'taken'],
  ['alt+q', ''],
  ['alt+a', ''],
])('says of %s: %s', (key, fault) => {
  expect(faultOf(key, 'accept')).toBe(fault)
})

it('does one thing, by the first who has something to do', () => {
  const acts = [vi.fn(() => false), vi.fn(), vi.fn()]
  const parts = acts.map((undo) => defineComponent(() => (useShortcuts({ undo }), () => null)))
  const app = createApp(() => parts.map((part) => h(part)))
  app.mount(document.createElement('div'))
  dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyZ', key: 'z', altKey: true, cancelable: true }))
  app.unmount()
  expect(acts.map((act) => act.mock.calls.length)).toEqual([1, 1, 0])
})
