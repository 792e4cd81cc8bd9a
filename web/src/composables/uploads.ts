/** Files on their way into a message, by conversation, with progress. */
import { reactive } from 'vue'

import { ApiError } from '@/api/client'
import { uploadMedia } from '@/api/desk'
import type { Attachment } from '@/api/types'
import { fileSize } from '@/format'
import { i18n } from '@/i18n'
import { errorText, toast } from '@/composables/toasts'

export interface Upload {
  key: number
  name: string
  share: number
  /** Set when the hub has the file. */
  attachment: Attachment | null
  cancel: () => void
}

const uploads = reactive(new Map<string, Upload[]>())
let lastKey = 0

export const uploadsOf = (conversationId: string): Upload[] => uploads.get(conversationId) ?? []

/** Start sending `files`; those over `limitBytes` are refused at once. */
export function addFiles(conversationId: string, files: Iterable<File>, limitBytes: number): void {
  for (const file of files) {
    if (file.size > limitBytes) {
      toast(i18n.global.t('composer.too_large', { name: file.name, limit: fileSize(limitBytes) }), 'error')
    } else void start(conversationId, file)
  }
}

export function removeUpload(conversationId: string, key: number): void {
  const left = uploadsOf(conversationId).filter((one) => {
    if (one.key === key) one.cancel()
    return one.key !== key
  })
  if (left.length) uploads.set(conversationId, left)
  else uploads.delete(conversationId)
}

/** Return what is ready and forget it: it now belongs to a message. */
export function takeAttachments(conversationId: string): Attachment[] {
  const ready = uploadsOf(conversationId).flatMap((one) => one.attachment ?? [])
  uploads.delete(conversationId)
  return ready
}

async function start(conversationId: string, file: File): Promise<void> {
  const abort = new AbortController()
  const key = ++lastKey
  const upload: Upload = reactive({ key, name: file.name, share: 0, attachment: null, cancel: () => abort.abort() })
  uploads.set(conversationId, [...uploadsOf(conversationId), upload])
  try {
    upload.attachment = await uploadMedia(file, (share) => (upload.share = share), abort.signal)
  } catch (error) {
    removeUpload(conversationId, key)
    if ((error as ApiError).code !== 'aborted') toast(`${file.name}: ${errorText(error)}`, 'error')
  }
}
