/** Sends one file to the channel and reports how far it is. */
import type { SharedFile } from './frames.ts'

export interface Uploaded {
  handle: string
  file: SharedFile
}

export interface Owner {
  visitor: string | null
  identity: string | null
}

const FAULTS: Record<number, string> = { 413: 'too_large', 429: 'too_many_uploads' }

/** Resolves when the file is stored; rejects with an Error whose message is the server's code. */
export function upload(base: URL, owner: Owner, file: File, progress: (part: number) => void): Promise<Uploaded> {
  const body = new FormData()
  body.append('owner', JSON.stringify(owner))
  body.append('file', file, file.name)
  const url = new URL('media', base)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    // listening to progress would make another site's server ask for permission first
    if (url.origin === location.origin) {
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status === 200) return resolve(JSON.parse(request.responseText) as Uploaded)
      reject(new Error(FAULTS[request.status] ?? codeOf(request.responseText)))
    }
    request.onerror = () => reject(new Error('failed'))
    request.send(body)
  })
}

function codeOf(answer: string): string {
  try {
    return (JSON.parse(answer) as { error: { code: string } }).error.code
  } catch {
    return 'failed'
  }
}
