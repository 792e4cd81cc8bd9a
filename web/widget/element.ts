/** `<lianxin-chat src="/channels/web_chat-main/" lang="zh">`: the citizens' chat window on any page. */
import { Chat, type View } from './chat.ts'
import { make } from './dom.ts'
import type { Config } from './frames.ts'
import { Memory } from './memory.ts'
import { Panel } from './panel.ts'
import { styles } from './styles.ts'
import { type Language, languageOf, textIn } from './texts.ts'
import type { Entry } from './transcript.ts'

const CONFIG_RETRY_MS = 5000
const CONFIG_GOOD_MS = 300_000 // opening hours begin and end

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
  private opener?: HTMLElement
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
    document.addEventListener('click', this.asked)
    void this.load()
  }

  disconnectedCallback(): void {
    clearTimeout(this.retry)
    document.removeEventListener('visibilitychange', this.watched)
    document.removeEventListener('click', this.asked)
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
    const opener = this.opener ?? this.launch
    this.opener = undefined
    opener.focus()
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

  /** The page's own links open the window; while there is none to open they lead where they say. */
  private readonly asked = (event: MouseEvent): void => {
    const opener = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-lianxin-open]') : null
    if (!this.config || !opener) return
    event.preventDefault()
    this.open()
    this.opener = opener
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
