/** Short words about what just happened, read out by screen readers and gone after a while. */
import { reactive } from 'vue'

import { ApiError } from '@/api/client'
import { i18n } from '@/i18n'

const SHOWN_MS = { info: 4000, undo: 5000, error: 8000 }

export interface Toast {
  id: number
  kind: 'info' | 'error'
  text: string
  /** Takes back what was just done. */
  undo?: () => void
}

export const toasts = reactive<Toast[]>([])
let lastId = 0

export function toast(text: string, kind: Toast['kind'] = 'info', undo?: () => void): void {
  const id = ++lastId
  toasts.push({ id, kind, text, undo })
  setTimeout(() => dismissToast(id), SHOWN_MS[undo ? 'undo' : kind])
}

export function dismissToast(id: number): void {
  const index = toasts.findIndex((one) => one.id === id)
  if (index >= 0) toasts.splice(index, 1)
}

/** Return the catalogue's words for what went wrong. */
export function errorText(error: unknown): string {
  const { t, te } = i18n.global
  if (!(error instanceof ApiError)) return t('error.unknown', { code: String(error) })
  const key = `error.${error.code}`
  const text = te(key, 'zh') ? t(key) : t('error.unknown', { code: error.code })
  return error.retryAfterS ? `${text} ${t('error.retry_after', { seconds: Math.ceil(error.retryAfterS) })}` : text
}
