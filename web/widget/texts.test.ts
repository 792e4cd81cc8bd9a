import { expect, it } from 'vitest'

import { linked } from './dom.ts'
import { catalogues, languageOf, textIn } from './texts.ts'

it('says the same things in both languages', () => {
  const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()
  expect(Object.keys(catalogues.en)).toEqual(Object.keys(catalogues.zh))
  for (const [key, text] of Object.entries(catalogues.zh)) {
    expect([key, holes(catalogues.en[key as keyof typeof catalogues.en])]).toEqual([key, holes(text)])
  }
})

it('fills texts and falls back for unknown codes', () => {
  expect(textIn('zh', 'place', { n: 2 })).toContain('2 位')
  expect(textIn('en', 'refused.unheard_of', {}, 'refused')).toBe('Not sent')
  expect(languageOf('en-GB')).toBe('en')
  expect(languageOf('zh-CN')).toBe('zh')
})

it('makes links of web addresses only, and leaves all else text', () => {
  const parts = linked('见 https://example.gov.cn/a?b=1。javascript:alert(1) <img src=x onerror=alert(1)>')
  const links = parts.filter((part): part is HTMLAnchorElement => part instanceof HTMLAnchorElement)
  expect(links.map((link) => link.href)).toEqual(['https://example.gov.cn/a?b=1'])
  expect(links[0]!.rel).toContain('noopener')
  expect(parts.at(-1)).toBe('。javascript:alert(1) <img src=x onerror=alert(1)>')
})
