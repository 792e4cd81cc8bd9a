/** How this person likes the desk to look and behave; kept on this machine, read again by preload.js before first paint. */
import { defineStore } from 'pinia'
import { computed, reactive, watch } from 'vue'

import { setLanguage, type Language } from '@/i18n'

const KEY = 'lianxin.settings'

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
  sort: 'recent' | 'waiting'
  showPanel: boolean
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
  sort: 'recent',
  showPanel: true,
  microphone: '',
  speaker: '',
  ringDevice: '',
}

export const useSettings = defineStore('settings', () => {
  const values = reactive<Settings>({ ...DEFAULTS, ...stored() })
  const systemDark = matchMedia('(prefers-color-scheme: dark)')
  const scale = computed(() => values.fontSize / 14)

  function show(): void {
    const root = document.documentElement
    root.classList.toggle('dark', values.theme === 'dark' || (values.theme === 'system' && systemDark.matches))
    root.classList.toggle('high-contrast', values.highContrast)
    root.dataset.fontSize = String(values.fontSize)
  }

  function toggleTheme(): void {
    values.theme = document.documentElement.classList.contains('dark') ? 'light' : 'dark'
  }

  systemDark.addEventListener('change', show)
  watch(values, () => {
    show()
    localStorage.setItem(KEY, JSON.stringify(values))
  })
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
