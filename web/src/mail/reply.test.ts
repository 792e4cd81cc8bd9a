import { expect, it } from 'vitest'

import { addressesIn, isFormatted, othersOf, usualSubject } from './reply'

it.each([
  ['回复：Re: 路灯 [LX-0123456789]', 'Re: 路灯'],
  ['路灯', 'Re: 路灯'],
  ['', ''],
])('answers %s under %s', (subject, answer) => expect(usualSubject({ subject })).toBe(answer))

it('replies to all but ourselves and the sender, each once', () => {
  const received = { sender: '林 <lin@example.cn>', to: ['热线 <Hotline@lianxin.test>', 'a@b.cn'], cc: ['A <a@b.cn>', 'lin@example.cn', 'c@d.cn'] }
  expect(othersOf(received, 'hotline@lianxin.test')).toEqual(['a@b.cn', 'c@d.cn'])
})

it('reads addresses with whatever stands between them', () => {
  expect(addressesIn(' a@b.cn，林 <c@d.cn>;; ')).toEqual(['a@b.cn', '林 <c@d.cn>'])
})

it('sends HTML only where it says more than words', () => {
  expect([isFormatted('a<div>b</div><br>'), isFormatted('<b>a</b>'), isFormatted('<ul><li>a</li></ul>')]).toEqual([false, true, true])
})
