import { expect, it } from 'vitest'

import '@/i18n/admin'

import { pathWords, valueWords } from './diff_words'

it.each([
  ['text.zh', '说的话 › 中文'],
  ['on.served', '接待结束后'],
  ['choices[1].label.zh', '选项 2 › 名称 › 中文'],
  ['cases[0].when[0].op', '条件 1 › 同时满足 1 › 比较'],
  ['step', '类型'],
  ['something_new', 'something_new'],
])('calls %s what the form of its step calls it', (path, words) => expect(pathWords(path)).toBe(words))

it.each([
  ['step', 'say', '播报'],
  ['cases[0].when[0].op', 'ge', '不小于'],
  ['can_interrupt', 'true', '是'],
  ['goto', 'hello', 'hello'],
])('writes the value of %s as its choice', (path, value, words) => expect(valueWords(path, value)).toBe(words))
