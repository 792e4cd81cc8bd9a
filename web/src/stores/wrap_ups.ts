/** What is written at the wrap-up of a conversation and is not on the hub yet. */
import { defineStore } from 'pinia'
import { watch } from 'vue'

import { ApiError } from '@/api/client'
import { editConversation } from '@/api/desk'
import type { FilledForm } from '@/api/types'
import { errorText, toast } from '@/composables/toasts'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'

/** Without `form` what the hub holds of it stays. */
export interface WrapUpDraft {
  summary: string
  tags: string[]
  form?: FilledForm
}

export interface Saving {
  isSaved: boolean
  /** What is wrong with the form; the rest is saved without it. */
  faults: Record<string, string>
}

export const useWrapUps = defineStore('wrap_ups', () => {
  const session = useSession()
  const drafts = new Map<string, WrapUpDraft>()
  const unsaved = new Set<string>()

  function set(conversationId: string, draft: WrapUpDraft): void {
    drafts.set(conversationId, draft)
    unsaved.add(conversationId)
  }

  function drop(conversationId: string): void {
    drafts.delete(conversationId)
    unsaved.delete(conversationId)
  }

  /** Save now; undefined when there is nothing to save, or newer words have come meanwhile. */
  async function flush(conversationId: string): Promise<Saving | undefined> {
    const draft = drafts.get(conversationId)
    if (!draft || !unsaved.delete(conversationId)) return
    const isNewest = () => drafts.get(conversationId) === draft
    try {
      const faults = await put(conversationId, draft)
      if (!isNewest()) return
      const isSaved = !Object.keys(faults).length
      if (isSaved) drafts.delete(conversationId)
      return { isSaved, faults }
    } catch (error) {
      if (!isNewest()) return
      if (!(error instanceof ApiError) || error.isUncertain) unsaved.add(conversationId)
      toast(errorText(error), 'error')
      return { isSaved: false, faults: {} }
    }
  }

  useDesk().onUp(() => unsaved.forEach((id) => void flush(id)))

  let owner = session.me?.user_id
  watch(
    () => session.me?.user_id,
    (userId) => {
      if (!userId || userId === owner) return
      owner = userId
      drafts.clear()
      unsaved.clear()
    },
  )

  return { get: (id: string) => drafts.get(id), set, drop, flush }
})

/** Save `draft`, without its form when that cannot stand; return what is wrong with the form. */
async function put(conversationId: string, { form, ...others }: WrapUpDraft): Promise<Record<string, string>> {
  try {
    await editConversation(conversationId, { ...others, form })
    return {}
  } catch (error) {
    const isOfForm = error instanceof ApiError && Object.keys(error.fields).some((path) => path.startsWith('form.'))
    if (!isOfForm) throw error
    await editConversation(conversationId, others)
    return error.fields
  }
}
