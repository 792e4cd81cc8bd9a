import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, h } from 'vue'

import { forgetLostStyles, lazily } from './lazy'

const hub = vi.fn<() => Promise<{ ok: boolean }>>()
const errors = vi.fn()

beforeEach(() => {
  vi.useFakeTimers()
  hub.mockReset()
  errors.mockReset()
  vi.stubGlobal('fetch', hub)
  document.body.innerHTML = '<div id="app"></div>'
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function show(load: () => Promise<unknown>): void {
  const Part = lazily(load as never)
  const app = createApp({ render: () => h(Part) })
  app.config.errorHandler = errors
  app.config.warnHandler = () => {}
  app.mount('#app')
}

it('shows a part when the network is back', async () => {
  const load = vi.fn().mockRejectedValueOnce(new Error('Unable to preload CSS')).mockResolvedValue({ render: () => 'here' })
  hub.mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValueOnce({ ok: false }).mockResolvedValue({ ok: true })
  show(load)
  await vi.advanceTimersByTimeAsync(500)
  expect(hub).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(load).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(load).toHaveBeenCalledTimes(2)
  expect(document.body.textContent).toBe('here')
  expect(errors).not.toHaveBeenCalled()
})

it('fetches nothing while the network is away', async () => {
  const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
  const load = vi.fn().mockResolvedValue({ render: () => 'here' })
  hub.mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValue({ ok: true })
  show(load)
  await vi.advanceTimersByTimeAsync(500)
  expect([hub.mock.calls.length, load.mock.calls.length]).toEqual([1, 0])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(document.body.textContent).toBe('here')
  online.mockRestore()
})

it('gives up on a part that the hub does not have', async () => {
  const load = vi.fn().mockRejectedValue(new Error('gone'))
  hub.mockResolvedValue({ ok: true })
  show(load)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(load).toHaveBeenCalledTimes(3)
  expect(errors).toHaveBeenCalledOnce()
})

it('takes a style sheet that was not fetched out of the page, so that it is asked for again', () => {
  forgetLostStyles()
  const link = document.head.appendChild(document.createElement('link'))
  const told = vi.fn()
  link.addEventListener('error', told)
  link.dispatchEvent(new Event('error'))
  expect(told).toHaveBeenCalledOnce()
  expect(link.isConnected).toBe(false)
})
