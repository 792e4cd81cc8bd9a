/** What a message over the channel in use can hold, as the channel itself says. */
import type { Attachment } from '@/api/types'
import type { Cutting } from '@/sms/segments'

/** `files` are MIME types, `image/*` for all of a kind; `segments` is into how many short messages a text may be cut. */
export interface Carries extends Cutting {
  files?: string[]
  file_bytes?: number
  is_formatted?: boolean
  segments?: number
}

const ANY = ['*/*']

/** Whether files go along at all; a channel that never ran has said nothing, and everything is tried. */
export const carriesFiles = (carries: Carries | undefined): boolean => (carries?.files ?? ANY).length > 0

/** Whether a file of this kind and size goes along. */
export function carriesFile(carries: Carries | undefined, { mime, size_bytes = 0 }: Pick<Attachment, 'mime' | 'size_bytes'>): boolean {
  const most = carries?.file_bytes || Infinity
  return size_bytes <= most && (carries?.files ?? ANY).some((kind) => isOfKind(mime.toLowerCase(), kind))
}

/** What the file dialog offers; empty for anything. */
export const acceptedFiles = (carries: Carries | undefined): string => {
  const kinds = carries?.files ?? ANY
  return kinds.includes('*/*') ? '' : kinds.join(',')
}

function isOfKind(mime: string, kind: string): boolean {
  return kind === '*/*' || kind === mime || (kind.endsWith('/*') && mime.startsWith(kind.slice(0, -1)))
}
