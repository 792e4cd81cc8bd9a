import { expect, it } from 'vitest'

import '@/i18n/admin'

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
  ['Telegram cannot be reached: ConnectError', '连不上 Telegram（ConnectError）：检查网络，服务器不能直接访问时填写“代理”'],
  ["the secret is wrong (40125)", 'AppSecret（或 Secret）不对，或已在后台重置'],
  ['mailbox inbox: the server refused the user or password', '收信邮箱“inbox”不接受用户名或密码（QQ、163 等要用授权码）'],
  ['write it as http://host:port or socks5://host:port', '请写成 http://host:port or socks5://host:port'],
  ['the gateway said no', 'the gateway said no'],
])('says %s as %s', (fault, text) => {
  expect(faultText(fault)).toBe(text)
})
