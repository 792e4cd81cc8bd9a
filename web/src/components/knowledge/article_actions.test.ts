import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createApp, h, nextTick, shallowRef } from 'vue'

import type { ConversationView, Me } from '@/api/types'
import { i18n } from '@/i18n'
import { useDrafts } from '@/stores/drafts'
import { useSession } from '@/stores/session'
import ArticleActions from './ArticleActions.vue'

const AT = '2026-11-20T08:00:00Z'
const of = (id: string): ConversationView => ({
  conversation_id: id, contact_id: `k-${id}`, instance: 'web-main', channel: 'web', address: `web:${id}`, state: 'active', agent_id: 'me', opened_at: AT,
})

/** What waits for the texts that name the citizen of a conversation. */
let answers: Record<string, () => void> = {}

beforeEach(() => {
  answers = {}
  setActivePinia(createPinia())
  useSession().me = { user_id: 'me', permissions: [] as string[] } as Me
  vi.stubGlobal('fetch', (path: string) => {
    const id = /conversations\/(\w+)\/articles/.exec(path)?.[1]
    if (!id) return Promise.resolve(new Response('{}'))
    const texts = { title: 'Heating', text: `Text for ${id}`, page: '/a', templates: [{ template_id: 't1', title: `Template for ${id}`, text: '' }] }
    return new Promise((answer) => (answers[id] = () => answer(new Response(JSON.stringify(texts)))))
  })
})
afterEach(() => vi.unstubAllGlobals())

function show() {
  const conversation = shallowRef(of('a'))
  const page = document.createElement('div')
  const app = createApp(() => h(ArticleActions, { conversation: conversation.value, articleId: 'x1', level: 'public' }))
  app.use(i18n).mount(page)
  return { app, conversation, page }
}
const settled = () => new Promise((done) => setTimeout(done))

it('never offers the texts of one citizen for another, however late they come', async () => {
  const { app, conversation, page } = show()
  const menu = page.querySelector<HTMLElement>('[aria-haspopup=menu]')!
  menu.click()
  await nextTick()
  conversation.value = of('b')
  await nextTick()
  answers.a()
  await settled()
  expect(page.textContent).not.toContain('Template for')
  menu.click() // closes
  menu.click()
  await vi.waitFor(() => expect(answers).toHaveProperty('b'))
  answers.b()
  await vi.waitFor(() => expect(page.textContent).toContain('Template for b'))
  app.unmount()
})

it('writes into the conversation in which it was asked to', async () => {
  const { app, conversation, page } = show()
  page.querySelector('button')!.click()
  conversation.value = of('b')
  await nextTick()
  answers.a()
  await vi.waitFor(() => expect(useDrafts().get('a').text).toBe('Text for a'))
  expect(useDrafts().get('b').text).toBe('')
  app.unmount()
})
