/** Puts a small blocking script before everything else in the page, as a file of its own (no inline script under CSP). */
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'

import type { Plugin } from 'vite'

export function preload(source: string): Plugin {
  let root = ''
  let isBuild = false
  return {
    name: 'lianxin:preload',
    configResolved(config) {
      root = config.root
      isBuild = config.command === 'build'
    },
    async buildStart() {
      if (!isBuild) return
      this.emitFile({ type: 'asset', name: basename(source), source: await readFile(resolve(root, source), 'utf8') })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const built = Object.values(bundle ?? {}).find((file) => file.type === 'asset' && file.names.includes(basename(source)))
        return [{ tag: 'script', attrs: { src: `/${built?.fileName ?? source}` }, injectTo: 'head-prepend' }]
      },
    },
  }
}
