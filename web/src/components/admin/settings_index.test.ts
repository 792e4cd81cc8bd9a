import { expect, test } from 'vitest'

import { findSettings, settingsOf } from './settings_index'

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
