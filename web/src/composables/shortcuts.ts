/** Keys that work everywhere on the page; all with Alt or Ctrl except `?`, which never fires while typing. */
import { onBeforeUnmount, onMounted } from 'vue'

import { useSettings } from '@/stores/settings'

/** `alt+a`, `ctrl+k`, `?` … by `KeyboardEvent.code` for letters, so that any keyboard layout works. */
export type Shortcuts = Record<string, () => boolean | void>

/** Listen while the component lives; an action that returns false leaves the key to the browser. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const settings = useSettings()

  function onKey(event: KeyboardEvent): void {
    if (!settings.values.shortcuts || event.isComposing || event.repeat) return
    const action = shortcuts[nameOf(event)]
    if (!action || (event.key === '?' && isTyping(event.target))) return
    if (action() !== false) event.preventDefault()
  }

  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}

function nameOf(event: KeyboardEvent): string {
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]?.toLowerCase()
  const modifier = event.altKey ? 'alt+' : event.ctrlKey || event.metaKey ? 'ctrl+' : ''
  return modifier ? modifier + (letter ?? event.key.toLowerCase()) : event.key
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
}
