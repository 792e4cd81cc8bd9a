/** Keys that work everywhere on the page; all with Alt or Ctrl except `?`, which never fires while typing. */
import { onBeforeUnmount, onMounted } from 'vue'

import { useSettings } from '@/stores/settings'

/** What keys do, and the keys they have unless a person chooses others. */
export const DEFAULT_KEYS = {
  accept: 'alt+a',
  hold: 'alt+h',
  mute: 'alt+m',
  transfer: 'alt+t',
  hang_up: 'alt+x',
  wrap_up: 'alt+w',
  undo: 'alt+z',
  snooze: 'alt+s',
  todo: 'alt+n',
  search: 'ctrl+k',
  help: '?',
} as const
/** Keys of the browser, of Chrome's menu and of Chinese input methods. */
const RESERVED = /^(alt\+[def]|alt\+\d|alt\+(tab|f4|home|left|right|arrow\w+)|ctrl\+(shift| |space|[acftnvwxyz]|tab)|f5|f11|f12)$/

export type Action = keyof typeof DEFAULT_KEYS
type Run = () => boolean | void

/** Return the key of an action as `alt+a`. */
export function keyOf(action: Action): string {
  return useSettings().values.keys[action] ?? DEFAULT_KEYS[action]
}

/** Return the key of an action as people read it: `Alt A`. */
export function keyLabel(action: Action): string {
  return labelOf(keyOf(action))
}

export function labelOf(key: string): string {
  return key
    .split('+')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')
}

/** Why `key` cannot be given to `action`: `reserved`, `taken`, or nothing. */
export function faultOf(key: string, action: Action): '' | 'reserved' | 'taken' {
  if (!/^(alt|ctrl)\+./.test(key) || RESERVED.test(key)) return 'reserved'
  const others = (Object.keys(DEFAULT_KEYS) as Action[]).filter((one) => one !== action)
  return others.some((one) => keyOf(one) === key) ? 'taken' : ''
}

/** Listen while the component lives; a key does one thing: an action that returns false leaves it to others and to the browser. */
export function useShortcuts(actions: Partial<Record<Action, Run>>): void {
  useKeys((key) => {
    for (const [action, run] of Object.entries(actions) as [Action, Run][]) if (keyOf(action) === key) return run
    return undefined
  })
}

/** Open the first nine of something with Alt and a digit. */
export function useDigits(open: (index: number) => boolean | void): void {
  useKeys((key) => {
    const digit = /^alt\+([1-9])$/.exec(key)?.[1]
    return digit ? () => open(Number(digit) - 1) : undefined
  })
}

function useKeys(find: (key: string) => Run | undefined): void {
  const settings = useSettings()

  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || !settings.values.shortcuts || event.isComposing || event.repeat) return
    const run = find(nameOf(event))
    if (!run || (event.key === '?' && isTyping(event.target))) return
    if (run() !== false) event.preventDefault()
  }

  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}

/** `alt+a`, `ctrl+k`, `?` … by `KeyboardEvent.code` for letters, so that any keyboard layout works. */
export function nameOf(event: KeyboardEvent): string {
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]?.toLowerCase()
  const modifier = event.altKey ? 'alt+' : event.ctrlKey || event.metaKey ? 'ctrl+' : ''
  return modifier ? modifier + (letter ?? event.key.toLowerCase()) : event.key
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
}
