import { expect, it } from 'vitest'

import { blocksOf } from './markdown'

it('reads headings, lists and paragraphs and leaves all else as text', () => {
  const text = '## Title\nfirst\nsecond\n\n- one\n- **two**\n\n1. three\n2) four\n<b>not html</b>'
  expect(blocksOf(text)).toEqual([
    { kind: 'heading', level: 2, text: 'Title' },
    { kind: 'paragraph', text: 'first\nsecond' },
    { kind: 'list', isOrdered: false, items: ['one', 'two'] },
    { kind: 'list', isOrdered: true, items: ['three', 'four'] },
    { kind: 'paragraph', text: '<b>not html</b>' },
  ])
  expect(blocksOf('')).toEqual([])
})
