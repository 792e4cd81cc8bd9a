import { expect, test } from 'vitest'

import adminEn from '@/i18n/admin/en.json'
import adminZh from '@/i18n/admin/zh.json'
import { ADMIN_PAGES } from '@/router'

import { findSettings, FORMS, HAND_MADE, settingsOf } from './settings_index'

const ROOT = {
  $defs: {
    Rule: { type: 'object', properties: { kind: { const: 'away' }, limit: { type: 'integer', 'x-title': { zh: '上限值' } } } },
  },
  properties: {
    zone: { type: 'string', 'x-title': { zh: '时区' } },
    rules: { type: 'array', items: { $ref: '#/$defs/Rule' }, 'x-title': { zh: '告警' } },
  },
}

test('settings are named with the groups around them, fixed values are none', () => {
  expect(settingsOf(ROOT)).toEqual([['时区'], ['告警'], ['告警', '上限值']])
})

test('whose own name holds the words comes first', () => {
  const index = [['Zone', 'Hours'], ['Hours'], ['Zone']].map((words) => ({ page: 'queues', words }))
  expect(findSettings(index, 'zone').map((one) => one.words)).toEqual([['Zone'], ['Zone', 'Hours']])
  expect(findSettings(index, 'zone hours')).toHaveLength(1)
  expect(findSettings(index, ' ')).toEqual([])
})

test('no page of the administration is without an entry', () => {
  const found = new Set([...Object.keys(HAND_MADE), ...FORMS.map((one) => one.page), 'plugins', 'roles']) // these two are read from the hub and the permissions
  expect(ADMIN_PAGES.map((page) => page.name).filter((name) => !found.has(name))).toEqual([])
})

test.each([['zh', adminZh], ['en', adminEn]])('every hand-made entry has its words: %s', (_, catalogue) => {
  const words = (key: string) => key.split('.').reduce((part: unknown, name) => (part as Record<string, unknown> | undefined)?.[name], catalogue)
  expect(Object.values(HAND_MADE).flat().filter((key) => typeof words(key) !== 'string')).toEqual([])
})
