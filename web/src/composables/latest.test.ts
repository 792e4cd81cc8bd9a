import { beforeEach, describe, expect, it, vi } from 'vitest'

import { useLatest } from './latest'
import { toasts } from './toasts'

vi.mock('@/i18n', () => ({ i18n: { global: { t: (key: string) => key, te: () => true } } }))

beforeEach(() => void toasts.splice(0))

describe('the latest answer', () => {
  it('leaves out what comes late to an earlier question, answers and faults alike', async () => {
    const asked: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = []
    const { found, fault, load } = useLatest(() => new Promise<string>((resolve, reject) => asked.push({ resolve, reject })))
    const loads = [load(), load(), load()]
    asked[2].resolve('new')
    asked[1].resolve('old')
    asked[0].reject(new Error('lost'))
    await Promise.all(loads)
    expect([found.value, fault.value, toasts.length]).toEqual(['new', '', 0])
  })

  it('keeps the fault of a first load until it is tried again, and says later ones in passing', async () => {
    let answer: () => Promise<string> = () => Promise.reject(new Error('lost'))
    const { found, fault, isLoading, load } = useLatest(() => answer())
    await load()
    expect([fault.value, isLoading.value]).toEqual(['error.unknown', false])
    answer = () => Promise.resolve('here')
    await load()
    expect([found.value, fault.value]).toEqual(['here', ''])
    answer = () => Promise.reject(new Error('lost'))
    await load()
    expect([found.value, fault.value, toasts.length]).toEqual(['here', '', 1])
  })
})
