/** Builds the citizens' widget into one classic script that any page can load. */
import { defineConfig } from 'vite'

import { compress } from './tooling/compress.ts'

export default defineConfig({
  publicDir: 'widget/public',
  plugins: [compress()],
  build: {
    outDir: '../lianxin/_web/widget',
    emptyOutDir: true,
    target: 'chrome80',
    lib: { entry: 'widget/index.ts', formats: ['iife'], name: 'LianxinWidget', fileName: () => 'widget.js' },
  },
})
