import { expect, it } from 'vitest'

import { linked } from './links'

const urls = (text: string) => linked(text).flatMap((part) => part.url ?? [])

it.each([
  ['no address', []],
  ['见 https://x.gov.cn/a?b=1&c=2，谢谢', ['https://x.gov.cn/a?b=1&c=2']],
  ['(see http://a.b/c.) and https://d.e!', ['http://a.b/c', 'https://d.e']],
  ['[位置] 市民中心\nhttps://uri.amap.com/marker?position=120.1,30.2', ['https://uri.amap.com/marker?position=120.1,30.2']],
  ['javascript:alert(1) ftp://x file:///etc', []],
  ['https://', []],
])('finds the addresses in %j', (text, expected) => {
  expect(urls(text)).toEqual(expected)
})

it('loses nothing of the text', () => {
  const text = 'a https://x.y/z. b http://c d'
  expect(linked(text).map((part) => part.text).join('')).toBe(text)
})
