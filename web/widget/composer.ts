/** Where the person writes and chooses files. */
import { make } from './dom.ts'
import type { Config, SharedFile } from './frames.ts'
import type { Say } from './log.ts'
import { type Owner, upload, type Uploaded } from './upload.ts'

const PREVIEW_PX = 192
const EXTENSIONS: Record<string, string> = { jpeg: '.jpg,.jpeg,image/jpeg' }
const CLIP = 'M21 11.5 12.5 20a5.5 5.5 0 0 1-8-8L13 3.6a3.7 3.7 0 0 1 5.3 5.3l-8.5 8.5a1.8 1.8 0 0 1-2.6-2.6l7.8-7.8'

export interface ComposerEvents {
  send(text: string, handles: string[], files: SharedFile[]): void
  typed(): void
  owner(): Owner
}

export class Composer {
  readonly element: HTMLElement
  readonly field: HTMLTextAreaElement
  private readonly drafts = make('div')
  private readonly ready: Uploaded[] = []

  constructor(
    private readonly base: URL,
    private readonly config: Config,
    private readonly say: Say,
    private readonly events: ComposerEvents,
  ) {
    this.field = make('textarea', {
      rows: '1',
      'aria-label': say('write'),
      placeholder: say('write'),
      maxlength: String(config.max_text),
      enterkeyhint: 'send',
    })
    this.field.oninput = () => events.typed()
    this.field.onkeydown = (event) => {
      // 229: an input method still composes, its Enter only picks a word
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
      event.preventDefault()
      this.send()
    }
    const send = make('button', { type: 'button', class: 'send' }, say('send'))
    send.onclick = () => this.send()
    const row = make('div', { class: 'compose' })
    if (config.allowed_types.length) row.append(...this.chooser())
    row.append(this.field, send)
    this.element = make('div', {}, this.drafts, row)
  }

  private send(): void {
    const text = this.field.value.trim()
    if (!text && !this.ready.length) return this.field.focus()
    const done = this.ready.splice(0)
    this.drafts.replaceChildren()
    this.field.value = ''
    this.field.focus()
    this.events.send(
      text,
      done.map((one) => one.handle),
      done.map((one) => one.file),
    )
  }

  private chooser(): HTMLElement[] {
    const accept = this.config.allowed_types.map((type) => EXTENSIONS[type] ?? '.' + type).join(',')
    const input = make('input', { type: 'file', accept, hidden: true, tabindex: '-1', 'aria-hidden': 'true' })
    input.onchange = () => {
      const file = input.files?.[0]
      if (file) void this.prepare(file)
      input.value = ''
    }
    const button = make('button', { type: 'button', class: 'attach', 'aria-label': this.say('attach') })
    const space = 'http://www.w3.org/2000/svg'
    const svg = document.createElementNS(space, 'svg')
    const path = document.createElementNS(space, 'path')
    for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', 'aria-hidden': 'true' })) svg.setAttribute(name, value)
    for (const [name, value] of Object.entries({ d: CLIP, fill: 'none', stroke: 'currentColor', 'stroke-width': '2' })) {
      path.setAttribute(name, value)
    }
    svg.append(path)
    button.append(svg)
    button.onclick = () => input.click()
    return [input, button]
  }

  private async prepare(file: File): Promise<void> {
    const label = make('span', { role: 'status' }, this.say('uploading', { name: file.name }))
    const bar = make('progress', { max: '1', 'aria-label': this.say('uploading', { name: file.name }) })
    const remove = make('button', { type: 'button' }, this.say('remove'))
    const draft = make('div', { class: 'draft' }, label, remove, bar)
    let isRemoved = false
    let done: Uploaded | undefined
    remove.onclick = () => {
      isRemoved = true
      if (done && this.ready.includes(done)) this.ready.splice(this.ready.indexOf(done), 1)
      draft.remove()
      this.field.focus()
    }
    this.drafts.append(draft)
    void preview(file).then((canvas) => canvas && draft.prepend(canvas))
    try {
      if (file.size > this.config.max_upload_bytes) throw new Error('too_large')
      done = await upload(this.base, this.events.owner(), file, (part) => (bar.value = part))
      if (isRemoved) return
      this.ready.push(done)
      label.textContent = this.say('uploaded')
    } catch (error) {
      label.textContent = this.say('upload.' + (error as Error).message, {}, 'upload.failed')
    }
    bar.remove()
  }
}

/** Drawn on a canvas: a host page's content security policy may forbid blob: pictures. */
async function preview(file: File): Promise<HTMLCanvasElement | null> {
  if (!file.type.startsWith('image/')) return null
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, PREVIEW_PX / Math.max(picture.width, picture.height))
    const canvas = make('canvas', { role: 'img', 'aria-label': file.name })
    canvas.width = Math.max(1, Math.round(picture.width * scale))
    canvas.height = Math.max(1, Math.round(picture.height * scale))
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    return canvas
  } catch {
    return null
  }
}
