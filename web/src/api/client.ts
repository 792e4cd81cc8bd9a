/** Calls the hub below /api/v1: JSON both ways, CSRF header, one kind of error. */
import { observeServerTime } from '@/clock'

const BASE = '/api/v1'
const TIMEOUT_MS = 20_000

/** A call that did not succeed; `code` is the hub's own, or `network` when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly fields: Record<string, string> = {},
    readonly retryAfterS: number | null = null,
    message = code,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Nobody knows whether the hub did it; repeating with the same key is safe. */
  get isUncertain(): boolean {
    return this.code === 'network' || this.status >= 500
  }
}

interface Listeners {
  csrf: () => string
  onLoggedOut: () => void
}

const listeners: Listeners = { csrf: () => '', onLoggedOut: () => undefined }

/** Tell the client where the CSRF token is and whom to call when the session has ended. */
export function connectClient(given: Listeners): void {
  Object.assign(listeners, given)
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface CallOptions {
  /** Makes repeating the call harmless. */
  key?: string
  /** Let the call outlive the page; for small bodies. */
  keepalive?: boolean
}

export async function call<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-CSRF-Token'] = listeners.csrf()
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.key) headers['Idempotency-Key'] = options.key
  let response: Response
  let text: string
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: options.keepalive,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    throw new ApiError('network', 0, {}, null, String(error))
  }
  observeServerTime(response.headers.get('Date'))
  if (!response.ok) throw failure(response.status, text)
  return (text ? JSON.parse(text) : undefined) as T
}

/** Upload `file`, telling `onProgress` the share that has left (0 to 1). */
export function upload<T>(path: string, file: File, onProgress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest() // fetch does not report the progress of an upload
    request.open('POST', BASE + path)
    request.setRequestHeader('X-CSRF-Token', listeners.csrf())
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total)
    request.onerror = () => reject(new ApiError('network', 0))
    request.onabort = () => reject(new ApiError('aborted', 0))
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T)
      else reject(failure(request.status, request.responseText))
    }
    signal?.addEventListener('abort', () => request.abort())
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}

/** Return `path` with `values` that are set as its query. */
export function withQuery(path: string, values: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value != null && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** Return a fresh key for `Idempotency-Key` and `client_id`. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16)) // randomUUID needs a secure context
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function failure(status: number, text: string): ApiError {
  const error = parseError(text)
  if (status === 401 && error?.code !== 'bad_credentials') listeners.onLoggedOut()
  return new ApiError(error?.code ?? `http_${status}`, status, error?.fields, error?.retry_after_s ?? null, error?.message)
}

interface ErrorBody {
  code: string
  message?: string
  fields?: Record<string, string>
  retry_after_s?: number | null
}

function parseError(text: string): ErrorBody | null {
  try {
    const { error } = JSON.parse(text) as { error?: ErrorBody }
    return typeof error?.code === 'string' ? error : null
  } catch {
    return null // a proxy's own error page
  }
}
