import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { reloadAfterUpgrade } from './upgrade'

const reload = vi.fn()

beforeEach(() => {
  sessionStorage.clear()
  reload.mockClear()
  vi.stubGlobal('location', { reload })
})
afterEach(() => vi.unstubAllGlobals())

function lose(answer: () => Promise<unknown>): void {
  vi.stubGlobal('fetch', answer)
  dispatchEvent(new Event('vite:preloadError'))
}

reloadAfterUpgrade()

it('loads the new page once, never in circles', async () => {
  lose(() => Promise.resolve({ ok: true }))
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1))
  const asked = vi.fn(() => Promise.resolve({ ok: true }))
  lose(asked)
  await new Promise((done) => setTimeout(done))
  expect(asked).not.toHaveBeenCalled()
  expect(reload).toHaveBeenCalledTimes(1)
})

it.each([
  ['the network is gone', () => Promise.reject(new TypeError('Failed to fetch'))],
  ['the hub is restarting', () => Promise.resolve({ ok: false })],
])('leaves the page as it is while %s', async (_, answer) => {
  const asked = vi.fn(answer)
  lose(asked)
  await vi.waitFor(() => expect(asked).toHaveBeenCalled())
  await new Promise((done) => setTimeout(done))
  expect(reload).not.toHaveBeenCalled()
})
