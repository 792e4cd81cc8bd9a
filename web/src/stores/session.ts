/** Who is logged in here and what they may do. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

import { call, connectClient } from '@/api/client'
import type { Me } from '@/api/types'

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  /** False until the hub has said whether this browser is logged in. */
  const isKnown = ref(false)
  const isLeaving = ref(false)

  connectClient({
    csrf: () => me.value?.csrf ?? '',
    onLoggedOut: () => (me.value = null),
  })

  async function load(): Promise<void> {
    if (isKnown.value) return
    me.value = (await call<Me | undefined>('GET', '/session')) ?? null
    isKnown.value = true
  }

  async function logIn(username: string, password: string): Promise<void> {
    me.value = await call<Me>('POST', '/session', { username, password })
    isKnown.value = true
  }

  async function changePassword(current: string, wanted: string): Promise<void> {
    await call('PUT', '/session/password', { current, new: wanted })
    me.value = (await call<Me | undefined>('GET', '/session')) ?? null
  }

  async function logOut(): Promise<void> {
    await call('DELETE', '/session')
    isLeaving.value = true
    me.value = null
  }

  const can = (permission: string): boolean => me.value?.permissions.includes(permission) ?? false

  return { me, isKnown, isLeaving, load, logIn, changePassword, logOut, can }
})
