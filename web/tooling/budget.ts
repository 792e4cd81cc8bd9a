/** Fails the build when the first load of a page outgrows its limit. */
import { brotliCompressSync } from 'node:zlib'

import type { Plugin, Rolldown } from 'vite'

export interface Budget {
  /** Modules whose chunks are loaded together: the entry and a lazy page. */
  pages: string[]
  /** Limit of scripts and styles together, after Brotli. */
  limitBytes: number
}

export function budget({ pages, limitBytes }: Budget): Plugin {
  return {
    name: 'lianxin:budget',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const files = new Set<string>()
      for (const page of pages) {
        const chunk = Object.values(bundle).find((file) => file.type === 'chunk' && file.facadeModuleId?.endsWith(page))
        if (!chunk) this.error(`no chunk for ${page}`)
        collect(bundle, chunk!.fileName, files)
      }
      let total = 0
      for (const name of files) {
        const file = bundle[name]
        total += brotliCompressSync(file.type === 'chunk' ? file.code : file.source).length
      }
      const size = `${pages.at(-1)}: ${files.size} files, ${(total / 1000).toFixed(1)} kB of ${limitBytes / 1000} kB (Brotli)`
      if (total > limitBytes) this.error(`the first load is too big: ${size}`)
      this.info(size)
    },
  }
}

function collect(bundle: Rolldown.OutputBundle, name: string, files: Set<string>): void {
  const file = bundle[name]
  if (files.has(name) || !file) return
  files.add(name)
  if (file.type !== 'chunk') return
  for (const style of file.viteMetadata?.importedCss ?? []) collect(bundle, style, files)
  for (const imported of file.imports) collect(bundle, imported, files)
}
