/** Splits the catalogue in two: what the desk needs at first, and the texts of pages that few people open. */
import { readFile } from 'node:fs/promises'

import type { Plugin } from 'vite'

const LATER = new Set([
  'audit', 'backups', 'calendars', 'codes', 'configuration', 'connectors', 'dead_letters', 'flows', 'naming', 'outreach',
  'permission', 'permission_group', 'plugins', 'prompts', 'reasons', 'roles', 'setting', 'setting_help', 'simulator', 'system',
  'templates', 'users',
])

/** `x.json?first` and `x.json?later` are the two halves of `x.json`; tests get everything at first. */
export function texts(): Plugin {
  return {
    name: 'lianxin:texts',
    enforce: 'pre',
    async load(id) {
      const [, file, half] = /^(.*\.json)\?(first|later)$/.exec(id) ?? []
      if (!file) return null
      this.addWatchFile(file)
      const all = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
      const wanted = Object.entries(all).filter(([group]) => process.env.VITEST || LATER.has(group) === (half === 'later'))
      return { code: `export default ${JSON.stringify(Object.fromEntries(wanted))}`, moduleType: 'js' }
    },
  }
}
