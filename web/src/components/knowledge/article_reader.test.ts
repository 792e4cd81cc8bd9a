import { createPinia, setActivePinia } from 'pinia'
import { afterEach, expect, it, vi } from 'vitest'
import { createApp, h, type App } from 'vue'

import { i18n } from '@/i18n'
import '@/i18n/admin'
import { router } from '@/router'
import ArticleReader from './ArticleReader.vue'

const ARTICLE = {
  version: 2,
  row: { article_id: 'a1', state: 'published', published_version: 2 },
  content: { title: '暖气', body: '放气', kind: 'article', level: 'public', attachments: [] },
  versions: [2, 1].map((version) => ({ version, published_at: '2026-11-20T08:00:00Z', author_name: '周敏', note: '' })),
}

const LOADED_MS = 10_000 // a bound, for machines under load

class SilentAudio extends EventTarget {
  onpause?: () => void
  play = async () => undefined
  pause = () => this.onpause?.()
}

let app: App
afterEach(() => {
  app.unmount()
  document.body.replaceChildren()
})

it('keeps the focus where the button was that read aloud, or showed the text again', async () => {
  setActivePinia(createPinia())
  vi.stubGlobal('Audio', SilentAudio)
  vi.stubGlobal('fetch', async (path: string) => {
    const body = path.includes('/lines')
      ? { lines: ['一', '二'], is_voice: true }
      : path.includes('/differences')
        ? { fields: [], lines: [] }
        : path.includes('/comments')
          ? { items: [] }
          : ARTICLE
    return new Response(JSON.stringify(body))
  })
  const page = document.body.appendChild(document.createElement('div'))
  app = createApp({ render: () => h(ArticleReader, { articleId: 'a1' }) })
  app.use(i18n).use(router).mount(page)
  const button = (name: string) => [...page.querySelectorAll('button')].find((one) => one.textContent!.trim().startsWith(name))
  const press = async (name: string) => {
    const found = await vi.waitUntil(() => button(name), LOADED_MS)
    found.focus()
    found.click()
    return found
  }

  const aloud = await press('朗读给我听')
  await vi.waitFor(() => expect(aloud.textContent).toContain('停止朗读'), LOADED_MS)
  expect(document.activeElement).toBe(aloud)
  await press('停止朗读')
  await vi.waitFor(() => expect(aloud.textContent!.trim()).toBe('朗读给我听'), LOADED_MS)
  expect(document.activeElement).toBe(aloud)

  await press('对比')
  await press('返回正文')
  await vi.waitFor(() => expect(document.activeElement).toBe(page.querySelector('article')), LOADED_MS)
})
