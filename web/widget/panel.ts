/** The open window: header, tools, log, status, the two big buttons, and the composer or the form. */
import type { Chat } from './chat.ts'
import { Composer } from './composer.ts'
import { make } from './dom.ts'
import type { Choice, Config } from './frames.ts'
import { Log, type Say } from './log.ts'
import type { Memory } from './memory.ts'
import { offlineForm } from './offline.ts'
import { type Language, textIn } from './texts.ts'
import type { Entry } from './transcript.ts'

const SIZES = [0, 1, 2] as const
const HUMAN_CHOICE = '0' // the key that reaches a person from anywhere in a flow

export interface PanelEvents {
  look(): void
  close(): void
}

export class Panel {
  readonly element: HTMLElement
  private readonly log: Log
  private readonly composer: Composer
  private readonly status = make('div', { class: 'status', role: 'status' })
  private readonly typing: HTMLElement
  private readonly form: HTMLElement
  private readonly tools: HTMLElement
  private readonly say: Say
  private notice = ''

  constructor(
    private readonly chat: Chat,
    base: URL,
    private readonly config: Config,
    private readonly language: Language,
    private readonly memory: Memory,
    identity: string | null,
    private readonly events: PanelEvents,
  ) {
    const say: Say = (key, values, fallback) => textIn(language, key, values, fallback)
    this.say = say
    this.log = new Log(chat.transcript, base, say, {
      choose: (choice) => this.choose(choice),
      rewrite: (entry) => this.rewrite(entry),
    })
    this.composer = new Composer(base, config, say, {
      send: (text, handles, files) => chat.say(text, undefined, handles, files),
      typed: () => chat.typed(),
      owner: () => ({ visitor: identity === null ? chat.visitor : null, identity }),
    })
    this.form = offlineForm(say, config.max_text, (name, phone, text) => chat.leave(name, phone, text))
    this.typing = make('div', { class: 'typing' }, say('typing'))
    this.tools = this.toolbar()
    this.element = make(
      'div',
      { class: 'panel', role: 'dialog', 'aria-label': config.title[language] },
      this.head(),
      this.tools,
      this.log.element,
      this.typing,
      this.status,
      this.actions(),
      this.form,
      this.composer.element,
    )
    this.element.onkeydown = (event) => {
      if (event.key !== 'Escape' || event.isComposing) return
      event.stopPropagation()
      events.close()
    }
    this.log.draw(chat.transcript.entries)
    this.changed()
  }

  /** The window has just become visible. */
  shown(): void {
    this.log.toEnd()
    if (this.isForm) this.element.querySelector<HTMLElement>('.close')!.focus()
    else this.composer.field.focus()
  }

  entries(changed: Entry[]): void {
    this.log.draw(changed)
  }

  changed(): void {
    this.typing.hidden = !this.chat.isTyping
    this.form.hidden = !this.isForm
    this.composer.element.hidden = this.isForm
    const text = this.statusText()
    if (this.status.textContent !== text) this.status.textContent = text
  }

  private get isForm(): boolean {
    const state = this.chat.situation?.situation
    return !this.config.is_open && this.chat.formState !== 'sent' && state !== 'queued' && state !== 'active'
  }

  private statusText(): string {
    const { chat, say } = this
    if (chat.isRefused) return say('refusedIdentity')
    if (!chat.isConnected) return say(chat.hasTried ? 'offline' : 'connecting')
    if (chat.formState === 'sent') return say('left')
    if (this.notice) return this.notice
    const situation = chat.situation
    if (situation?.situation === 'active' || situation?.situation === 'closed') return say(situation.situation)
    if (situation?.situation !== 'queued') return ''
    const { place, wait_s } = situation
    const where = place === null ? say('queued') : place > 1 ? say('place', { n: place - 1 }) : say('next')
    return where + (wait_s === null ? '' : say('wait', { n: Math.max(1, Math.round(wait_s / 60)) }))
  }

  private choose(choice: Choice): void {
    this.chat.say(choice.label, choice.key)
    this.composer.field.focus()
  }

  private rewrite(entry: Entry): void {
    const text = this.chat.takeBack(entry)
    this.log.remove(entry)
    if (!this.composer.field.value) this.composer.field.value = text
    this.composer.field.focus()
  }

  private askHuman(): void {
    const state = this.chat.situation?.situation
    if (this.isForm) return this.form.querySelector('textarea')!.focus()
    if (state === 'active') this.notice = this.say('already')
    else if (state !== 'queued') this.chat.say(this.say('humanText'), HUMAN_CHOICE)
    this.changed()
    this.notice = ''
  }

  private head(): HTMLElement {
    const close = make('button', { type: 'button', class: 'close', 'aria-label': this.say('close') }, '×')
    close.onclick = () => this.events.close()
    const today = ((new Date().getDay() + 6) % 7) + 1
    const hours = this.config.hours.filter(([days]) => days.includes(today)).map(([, opens, closes]) => `${opens}–${closes}`)
    const key = !this.config.hours.length ? 'always' : hours.length ? 'hours' : 'notToday'
    const line = this.say(key, { hours: hours.join(' ') })
    const title = make('div', { class: 'title' }, this.config.title[this.language])
    return make('div', { class: 'head' }, make('div', {}, title, make('div', { class: 'hours' }, line)), close)
  }

  private toolbar(): HTMLElement {
    const sizes = make('div', { role: 'group', 'aria-label': this.say('size') })
    const pressed = (): void => {
      for (const [at, button] of [...sizes.children].entries()) {
        button.setAttribute('aria-pressed', String(String(at) === (this.memory.get('size') ?? '0')))
      }
      contrast.setAttribute('aria-pressed', String(this.memory.get('contrast') === '1'))
    }
    const remember = (key: string, value: string): void => {
      this.memory.set(key, value)
      pressed()
      this.events.look()
      this.log.toEnd()
    }
    for (const size of SIZES) {
      const button = make('button', { type: 'button' }, this.say(`size${size}`))
      button.onclick = () => remember('size', String(size))
      sizes.append(button)
    }
    const contrast = make('button', { type: 'button' }, this.say('contrast'))
    contrast.onclick = () => remember('contrast', this.memory.get('contrast') === '1' ? '0' : '1')
    pressed()
    return make('div', { class: 'tools' }, sizes, contrast)
  }

  private actions(): HTMLElement {
    const row = make('div', { class: 'actions' })
    if (this.config.phone) {
      const number = this.config.phone
      row.append(make('a', { class: 'call', href: `tel:${number.replace(/[^0-9+]/g, '')}` }, '☎ ' + this.say('call', { phone: number })))
    }
    const human = make('button', { type: 'button', class: 'human' }, this.say('human'))
    human.onclick = () => this.askHuman()
    row.append(human)
    return row
  }
}
