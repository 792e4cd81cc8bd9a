import { createPinia, setActivePinia } from 'pinia'
import { expect, it } from 'vitest'

import type { Me } from '@/api/types'

import { useOrderDrafts } from './order_drafts'
import { useSession } from './session'

it('forgets what somebody wrote when they log out', () => {
  setActivePinia(createPinia())
  const session = useSession()
  session.me = { user_id: 'zhou' } as Me
  const drafts = useOrderDrafts()
  drafts.answers.set('order-1', '已修好')
  session.me = { ...session.me, csrf: 'new' }
  expect(drafts.answers.get('order-1')).toBe('已修好')
  session.me = null
  expect(drafts.answers.size).toBe(0)
})
