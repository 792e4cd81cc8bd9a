import { expect, it } from 'vitest'

import { faultText } from './faults'

it.each([
  ['missing', '必须填写'],
  ['enter it again', '无法确定原来的值，请重新填写'],
  ['taken', '已被占用'],
  ['Expected `int` >= 1', '不能小于 1'],
  ['Expected `int | null` <= 65535', '不能大于 65535'],
  ['Expected `str` of length <= 40', '最多 40 个字符'],
  ['Expected `array` of length >= 1', '至少 1 项'],
  ['Expected `int`, got `str`', '须为整数'],
  ["Invalid enum value 'x'", "不在可选范围内（'x'）"],
  ['the gateway said no', 'the gateway said no'],
])('says %s as %s', (fault, text) => {
  expect(faultText(fault)).toBe(text)
})
