/** Builds the widget when this tree has one. */
import { existsSync } from 'node:fs'
import { build } from 'vite'

const root = new URL('..', import.meta.url).pathname
if (existsSync(`${root}widget/index.ts`)) {
  await build({ root, configFile: `${root}vite.widget.config.ts` })
}
