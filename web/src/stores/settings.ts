/** How this person likes the desk to look and behave: kept by the hub, and on this machine for preload.js before first paint. */
import { defineStore } from 'pinia'
import { computed, reactive, watch } from 'vue'

import { call } from '@/api/client'
import type { Action } from '@/composables/shortcuts'
import { setLanguage, type Language } from '@/i18n'
import { useSession } from '@/stores/session'

const KEY = 'lianxin.settings'
const SAVE_MS = 800
/** What belongs to a machine, not to a person. */
const LOCAL = ['microphone', 'speaker', 'ringDevice', 'volume', 'listWidth', 'panelWidth'] as const

export interface Settings {
  theme: 'system' | 'light' | 'dark'
  highContrast: boolean
  density: 'normal' | 'compact'
  fontSize: 14 | 16 | 18
  language: Language
  sendKey: 'enter' | 'ctrl_enter'
  sound: boolean
  volume: number
  shortcuts: boolean
  /** Keys that the person chose in place of the usual ones. */
  keys: Partial<Record<Action, string>>
  sort: 'recent' | 'waiting'
  showPanel: boolean
  /** The desk's panes in pixels; 0 is the usual width. */
  listWidth: number
  panelWidth: number
  /** Sound devices by their id in this browser; empty is the system's own choice. */
  microphone: string
  speaker: string
  ringDevice: string
}

const DEFAULTS: Settings = {
  theme: 'system',
  highContrast: false,
  density: 'normal',
  fontSize: 14,
  language: 'zh',
  sendKey: 'enter',
  sound: true,
  volume: 0.6,
  shortcuts: true,
  keys: {},
  sort: 'recent',
  showPanel: true,
  listWidth: 0,
  panelWidth: 0,
  microphone: '',
  speaker: '',
  ringDevice: '',
}

export const useSettings = defineStore('settings', () => {
  const session = useSession()
  const values = reactive<Settings>({ ...DEFAULTS, ...stored() })
  const systemDark = matchMedia('(prefers-color-scheme: dark)')
  const systemContrast = matchMedia('(prefers-contrast: more)')
  const scale = computed(() => values.fontSize / 14)

  function show(): void {
    const root = document.documentElement
    root.classList.toggle('dark', values.theme === 'dark' || (values.theme === 'system' && systemDark.matches))
    root.classList.toggle('high-contrast', values.highContrast || systemContrast.matches)
    root.dataset.fontSize = String(values.fontSize)
  }

  function toggleTheme(): void {
    values.theme = document.documentElement.classList.contains('dark') ? 'light' : 'dark'
  }

  /** What the hub has, as JSON: only what differs is sent. */
  let kept = ''
  let timer: ReturnType<typeof setTimeout> | undefined

  function personal(): Partial<Settings> {
    const rest: Partial<Settings> = { ...values }
    for (const name of LOCAL) delete rest[name]
    return rest
  }

  /** Take over what the person chose elsewhere; who never chose anything keeps what this machine shows. */
  async function fetchPersonal(): Promise<void> {
    const { settings } = await call<{ settings: Partial<Settings> }>('GET', '/me/preferences')
    for (const name of LOCAL) delete settings[name]
    kept = JSON.stringify({ ...personal(), ...settings })
    Object.assign(values, settings)
  }

  async function keepPersonal(): Promise<void> {
    const wanted = JSON.stringify(personal())
    if (!session.me || !kept || wanted === kept) return
    await call('PUT', '/me/preferences', { settings: personal() })
    kept = wanted
  }

  systemDark.addEventListener('change', show)
  systemContrast.addEventListener('change', show)
  watch(values, () => {
    show()
    localStorage.setItem(KEY, JSON.stringify(values))
    clearTimeout(timer)
    timer = setTimeout(() => void keepPersonal().catch(() => undefined), SAVE_MS) // the next change tries again
  })
  watch(
    () => session.me?.must_change_password === false && session.me.user_id,
    (userId) => {
      kept = ''
      if (userId) fetchPersonal().catch(() => undefined) // this machine's copy will do
    },
    { immediate: true },
  )
  watch(() => values.language, (language) => void setLanguage(language), { immediate: true })
  show()

  return { values, scale, toggleTheme }
})

function stored(): Partial<Settings> {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings> | null) ?? {}
  } catch {
    return {}
  }
}
