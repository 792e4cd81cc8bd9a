import { expect, test } from 'vitest'

import { acceptedFiles, carriesFile, carriesFiles } from './carried'

const SMS = { files: [], segments: 10 }
const ACCOUNT = { files: ['image/jpeg', 'video/*'], file_bytes: 1000 }

test('a short message takes no file, a channel that has said nothing any', () => {
  expect(carriesFiles(SMS)).toBe(false)
  expect(carriesFiles({})).toBe(true)
  expect(carriesFiles(undefined)).toBe(true)
})

test('a file goes along when its kind and its size do', () => {
  expect(carriesFile(ACCOUNT, { mime: 'image/JPEG', size_bytes: 1000 })).toBe(true)
  expect(carriesFile(ACCOUNT, { mime: 'video/mp4' })).toBe(true)
  expect(carriesFile(ACCOUNT, { mime: 'image/jpeg', size_bytes: 1001 })).toBe(false)
  expect(carriesFile(ACCOUNT, { mime: 'application/pdf' })).toBe(false)
  expect(carriesFile(undefined, { mime: 'application/pdf', size_bytes: 10 ** 9 })).toBe(true)
})

test('the file dialog offers what can be sent', () => {
  expect(acceptedFiles(ACCOUNT)).toBe('image/jpeg,video/*')
  expect(acceptedFiles({ segments: 3 })).toBe('')
})
