/** Builds the widget when this tree has one. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
if (existsSync(`${root}widget/index.ts`)) {
  await build({ root, configFile: `${root}vite.widget.config.ts` })
}
