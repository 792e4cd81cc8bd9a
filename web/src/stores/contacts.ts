/** The contacts this browser shows: fetched when first needed, kept fresh by patches. */
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

import { getContact } from '@/api/desk'
import type { ContactView } from '@/api/types'

const MAX_KEPT = 300

export const useContacts = defineStore('contacts', () => {
  const kept = shallowReactive(new Map<string, ContactView>())
  const asked = new Set<string>()

  /** Return the contact if it is here, and fetch it if it is not. */
  function get(contactId: string): ContactView | undefined {
    const contact = kept.get(contactId)
    if (!contact && contactId) void fetch(contactId)
    return contact
  }

  async function fetch(contactId: string): Promise<void> {
    if (asked.has(contactId)) return
    asked.add(contactId)
    try {
      put(await getContact(contactId))
    } catch {
      // what the conversation itself says has to do; the next reload asks again
    }
  }

  function put(contact: ContactView): void {
    kept.set(contact.contact_id, contact)
    if (kept.size <= MAX_KEPT) return
    const oldest = kept.keys().next().value!
    kept.delete(oldest)
    asked.delete(oldest)
  }

  /** Take a patch, if it is about somebody who is shown here: patches come for every contact there is. */
  function patch(contactId: string, contact: ContactView | null): void {
    if (contact === null) kept.delete(contactId)
    else if (kept.has(contactId)) kept.set(contactId, contact)
  }

  /** Fetch everybody again: after a snapshot nobody knows what was missed. */
  function reloadAll(): void {
    asked.clear()
    for (const contactId of kept.keys()) void fetch(contactId)
  }

  function forgetAll(): void {
    kept.clear()
    asked.clear()
  }

  return { get, put, patch, reloadAll, forgetAll }
})
