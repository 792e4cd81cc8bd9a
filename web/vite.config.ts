/** Builds the desk and the admin pages into the Python package. */
import { fileURLToPath } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vitest/config'

import { budget } from './tooling/budget.ts'
import { compress } from './tooling/compress.ts'
import { preload } from './tooling/preload.ts'

const hub = process.env.LIANXIN_HUB ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue(),
    // Element Plus components are found by their tags; importing one by hand would lose its styles.
    components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: process.env.VITEST ? false : 'css' })] }),
    preload('src/preload.js'),
    compress(),
    budget({ pages: ['index.html', 'src/views/DeskView.vue', 'src/components/panel/SidePanel.vue'], limitBytes: 200_000 }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    outDir: '../lianxin/_web/app',
    emptyOutDir: true,
    target: 'chrome93', // libraries call Object.hasOwn, which older browsers lack
    assetsInlineLimit: 0, // a strict content security policy has no room for data: URLs
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules\/(@vue|vue|vue-router|pinia|vue-i18n|@intlify)\// },
            { name: 'icons', test: /node_modules\/@lucide\//, minShareCount: 3 }, // one by one they are mostly headers
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: hub, ws: true },
      '/media': { target: hub },
    },
  },
  test: { environment: 'happy-dom', testTimeout: 30_000, include: ['{src,widget}/**/*.test.ts'] },
})
