import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import adminEn from './admin/en.json'
import adminZh from './admin/zh.json'
import deskEn from './en.json'
import deskZh from './zh.json'

type Texts = { [key: string]: string | Texts }

const SOURCE = join(import.meta.dirname, '..')
const CHINESE = /[\u3400-\u9fff\uff00-\uffef]/

const zh = { ...deskZh, ...adminZh }
const en = { ...deskEn, ...adminEn }

function flat(texts: Texts, prefix = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`),
  )
}

const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }))

it('has the same keys and placeholders in both languages', () => {
  const shape = (texts: Texts) =>
    Object.fromEntries(flat(texts).map(([key, text]) => [key, (text.match(/\{\w+\}/g) ?? []).sort()]))
  expect(shape(en)).toEqual(shape(zh))
})

it('has each group of texts in one place', () => {
  expect(Object.keys(deskZh).filter((group) => group in adminZh)).toEqual([])
  expect(Object.keys(deskEn).filter((group) => group in adminEn)).toEqual([])
})

it('writes the signs of the message syntax so that they are shown', () => {
  const broken = [...flat(zh), ...flat(en)].filter(([, text]) => /(?<!\{')@/.test(text)).map(([key]) => key)
  expect(broken).toEqual([])
})

it('knows every key that is asked for by name', () => {
  const known = new Set(flat(zh).map(([key]) => key))
  const asked = sources.flatMap(({ text }) => [...text.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((match) => match[1]))
  expect(asked.length).toBeGreaterThan(100)
  expect([...new Set(asked)].filter((key) => !known.has(key))).toEqual([])
})

it('keeps every word on screen in the catalogue', () => {
  const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<!:)\/\/.*$/gm, '')
  const inline = sources.filter(({ text }) => CHINESE.test(withoutComments(text))).map(({ name }) => name)
  expect(inline).toEqual([])
})
