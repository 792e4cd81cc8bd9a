import { expect, test } from 'vitest'

import type { ScoreSheet } from '@/api/quality'
import { total } from './score'

const item = (item_id: string, points: number, more = {}) => ({ item_id, title: {}, points, is_fatal: false, may_not_apply: false, rule_ids: [], ...more })
const sheet: ScoreSheet = {
  title: {},
  pass_mark: 80,
  is_active: true,
  sections: [{ title: {}, items: [item('greet', 10), item('wait', 30, { may_not_apply: true }), item('abuse', 10, { is_fatal: true })] }],
}

test.each([
  [{}, null, false],
  [{ greet: { share: 1 }, wait: { share: 0.5 }, abuse: { share: 1 } }, 70, false],
  [{ greet: { share: 0.5 }, wait: { share: null }, abuse: { share: 1 } }, 75, false],
  [{ greet: { share: 1 }, wait: { share: 1 }, abuse: { share: 0 } }, 0, true],
])('a score is what the hub counts too', (answers, value, isFatal) => {
  expect(total(sheet, answers)).toEqual({ value, isFatal })
})
