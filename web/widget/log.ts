/** Shows the entries of a conversation in a log that screen readers follow. */
import { linked, make } from './dom.ts'
import type { Choice, SharedFile } from './frames.ts'
import type { Key } from './texts.ts'
import type { Entry, Transcript } from './transcript.ts'

const NEAR_END_PX = 80

export type Say = (key: Key | string, values?: Record<string, string | number>, fallback?: Key) => string

export interface LogEvents {
  choose(choice: Choice): void
  rewrite(entry: Entry): void
}

export class Log {
  readonly element: HTMLElement
  private readonly nodes = new Map<string, HTMLElement>()
  private isAtEnd = true
  private top = 0

  constructor(
    private readonly transcript: Transcript,
    private readonly base: URL,
    private readonly say: Say,
    private readonly events: LogEvents,
  ) {
    this.element = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': say('log'), tabindex: '0' })
    const log = this.element
    log.onscroll = () => {
      const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX
      // a log that became smaller is not at its end either, but only the person moves it up
      if (isNear || log.scrollTop < this.top) this.isAtEnd = isNear
      this.top = log.scrollTop
    }
    new ResizeObserver(() => this.stay()).observe(log)
  }

  /** Draw `changed` entries; the newest stays in view when it was, and always for own words. */
  draw(changed: Entry[]): void {
    for (const entry of changed) this.place(entry)
    this.lockChoices()
    if (changed.some((entry) => entry.state === 'sending')) this.toEnd()
    else this.stay()
  }

  remove(entry: Entry): void {
    this.nodes.get(entry.key)?.remove()
    this.nodes.delete(entry.key)
    this.lockChoices()
  }

  toEnd(): void {
    this.isAtEnd = true
    this.element.scrollTop = this.element.scrollHeight
  }

  /** Keep the newest in view if it was. */
  private stay(): void {
    if (this.isAtEnd) this.toEnd()
  }

  private place(entry: Entry): void {
    const old = this.nodes.get(entry.key)
    const node = this.node(entry)
    this.nodes.set(entry.key, node)
    old?.remove()
    const { entries } = this.transcript
    const next = entries[entries.indexOf(entry) + 1]
    this.element.insertBefore(node, (next && this.nodes.get(next.key)) ?? null)
  }

  private node(entry: Entry): HTMLElement {
    const { line, isOwn } = entry
    const who = isOwn ? this.say('me') : line.name || this.say('service')
    const bubble = make('div', { class: 'bubble' }, ...linked(line.text ?? ''))
    for (const file of line.attachments ?? []) bubble.append(this.file(file))
    const node = make('div', { class: isOwn ? 'entry own' : 'entry' }, make('div', { class: 'who' }, who), bubble)
    if (isOwn) node.append(this.state(entry))
    if (entry.state === 'refused') node.classList.add('refused')
    if (line.choices?.length) node.append(this.choices(line.choices))
    return node
  }

  private state(entry: Entry): HTMLElement {
    const text = entry.state === 'refused' ? this.say('refused.' + entry.code, {}, 'refused') : this.say(entry.state)
    const state = make('div', { class: 'state' }, text)
    if (entry.state === 'refused') {
      const button = make('button', { type: 'button' }, this.say('rewrite'))
      button.onclick = () => this.events.rewrite(entry)
      state.append(button)
    }
    return state
  }

  private file(file: SharedFile): HTMLElement {
    const href = new URL(file.url, this.base).href
    const name = file.name ?? ''
    if (!file.mime.startsWith('image/')) {
      return make('a', { class: 'file', href, download: name, rel: 'noopener' }, this.say('download', { name }))
    }
    const size = file.width && file.height ? { width: String(file.width), height: String(file.height) } : {}
    const image = make('img', { src: href, alt: this.say('picture', { name }), ...size })
    image.onload = () => this.stay()
    return make('a', { href, target: '_blank', rel: 'noopener' }, image)
  }

  private choices(choices: Choice[]): HTMLElement {
    const row = make('div', { class: 'choices' })
    for (const choice of choices) {
      const button = make('button', { type: 'button' }, choice.label)
      button.onclick = () => this.events.choose(choice)
      row.append(button)
    }
    return row
  }

  private lockChoices(): void {
    const open = this.transcript.open?.key
    for (const [key, node] of this.nodes) {
      for (const button of node.querySelectorAll<HTMLButtonElement>('.choices button')) button.disabled = key !== open
    }
  }
}
