/** `<lianxin-chat src="/channels/web_chat-main/" lang="zh">`: the citizens' chat window on any page. */
import { Chat, type View } from './chat.ts'
import { Composer } from './composer.ts'
import { make } from './dom.ts'
import type { Choice, Config } from './frames.ts'
import { Log, type Say } from './log.ts'
import { Memory } from './memory.ts'
import { offlineForm } from './offline.ts'
import { styles } from './styles.ts'
import { type Language, languageOf, textIn } from './texts.ts'
import type { Entry } from './transcript.ts'

const SIZES = [0, 1, 2] as const
const CONFIG_RETRY_MS = 5000
const CONFIG_GOOD_MS = 300_000 // opening hours begin and end
const HUMAN_CHOICE = '0' // the key that reaches a person from anywhere in a flow

export class LianxinChat extends HTMLElement implements View {
  private readonly tree = this.attachShadow({ mode: 'open' })
  private readonly root = make('div', { class: 'root' })
  private readonly launch = make('button', { type: 'button', class: 'launch', 'aria-haspopup': 'dialog' })
  private language: Language = 'zh'
  private base!: URL
  private memory!: Memory
  private chat?: Chat
  private config?: Config
  private panel?: Panel
  private loadedAt = 0
  private retry?: ReturnType<typeof setTimeout>

  connectedCallback(): void {
    this.language = languageOf(this.getAttribute('lang') || document.documentElement.lang || 'zh')
    this.base = new URL((this.getAttribute('src') ?? '.').replace(/\/*$/, '/'), document.baseURI)
    this.root.lang = this.language === 'zh' ? 'zh-CN' : 'en'
    adopt(this.tree, styles)
    this.launch.onclick = () => this.open()
    this.root.replaceChildren(this.launch)
    this.tree.replaceChildren(this.root)
    const identity = this.getAttribute('identity')
    const prefix = `lianxin:${this.base.pathname}:`
    // what a logged-in citizen has not yet sent must not be sent as the next person at the same machine
    this.memory = new Memory(storage('localStorage'), prefix)
    const session = new Memory(storage('sessionStorage'), prefix)
    this.chat = new Chat(this.base, identity === null ? this.memory : session, session, identity, this.root.lang, this)
    this.look()
    this.drawLaunch()
    document.addEventListener('visibilitychange', this.watched)
    void this.load()
  }

  disconnectedCallback(): void {
    clearTimeout(this.retry)
    document.removeEventListener('visibilitychange', this.watched)
    this.chat?.disconnect()
    this.chat = this.panel = this.config = undefined
  }

  /** Show the window; for a host page's own buttons. */
  open(): void {
    if (!this.config || !this.chat || this.panel) return
    if (Date.now() - this.loadedAt > CONFIG_GOOD_MS) return void this.load().then(() => this.open())
    this.panel = new Panel(this.chat, this.base, this.config, this.language, this.memory, this.getAttribute('identity'), {
      look: () => this.look(),
      close: () => this.close(),
    })
    this.root.replaceChildren(this.panel.element)
    this.chat.setOpen(true)
    this.panel.shown()
  }

  /** Hide the window and give the focus back. */
  close(): void {
    this.panel = undefined
    this.chat?.setOpen(false)
    this.root.replaceChildren(this.launch)
    this.launch.focus()
  }

  entries(changed: Entry[]): void {
    this.panel?.entries(changed)
  }

  changed(): void {
    this.drawLaunch()
    this.panel?.changed()
  }

  isWatched(): boolean {
    return this.panel !== undefined && !document.hidden
  }

  private readonly watched = (): void => {
    if (this.panel && !document.hidden) this.chat?.mark()
  }

  private async load(): Promise<void> {
    try {
      const answer = await fetch(new URL('config', this.base))
      if (!answer.ok) throw new Error(String(answer.status))
      this.config = (await answer.json()) as Config
      this.loadedAt = Date.now()
    } catch {
      if (this.config) this.loadedAt = Date.now() // what was good is better than nothing
      this.retry = setTimeout(() => void this.load(), CONFIG_RETRY_MS)
      return
    }
    this.root.style.setProperty('--brand', this.config.color)
    this.look()
    this.drawLaunch()
    if (this.chat?.isKnown) this.chat.connect()
  }

  private look(): void {
    const size = this.memory.get('size') ?? '0'
    const isContrast = this.memory.get('contrast') === '1'
    this.root.className = `root size${size}${isContrast ? ' contrast' : ''}`
    if (isContrast) this.root.style.removeProperty('--brand')
    else if (this.config) this.root.style.setProperty('--brand', this.config.color)
  }

  private drawLaunch(): void {
    const unread = this.chat?.unread ?? 0
    this.launch.hidden = !this.config
    this.launch.replaceChildren(textIn(this.language, 'open'))
    if (unread) this.launch.append(' ', make('span', { class: 'badge' }, textIn(this.language, 'unread', { n: unread })))
  }
}

interface PanelEvents {
  look(): void
  close(): void
}

/** The open window. */
class Panel {
  readonly element: HTMLElement
  private readonly log: Log
  private readonly composer: Composer
  private readonly status = make('div', { class: 'status', role: 'status' })
  private readonly typing: HTMLElement
  private readonly form: HTMLElement
  private readonly tools: HTMLElement
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

  private readonly say: Say

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

function storage(name: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    return window[name]
  } catch {
    return null // forbidden by the browser's settings
  }
}

/** Style sheets made by script are allowed under any content security policy; old Safari only knows style elements. */
function adopt(tree: ShadowRoot, css: string): void {
  if ('adoptedStyleSheets' in tree) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    tree.adoptedStyleSheets = [sheet]
  } else {
    queueMicrotask(() => (tree as ShadowRoot).prepend(make('style', {}, css)))
  }
}
