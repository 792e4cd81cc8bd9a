/** Passing a conversation on: to whom, with what note, once. */
import { computed, ref } from 'vue'

import { newKey } from '@/api/client'
import type { ConversationView } from '@/api/types'
import { useCurrent } from '@/composables/current'
import { useTask } from '@/composables/task'

export type TargetKind = 'agent' | 'queue' | 'number' | 'flow'

export interface Target {
  kind: TargetKind
  agentId: string
  queueId: string
  number: string
  flowId: string
  node: string
}

type Send = (id: string, to: { agent_id?: string; queue_id?: string; note: string; client_id: string }) => Promise<ConversationView>

/** What a dialog needs that passes `subject` on by `send`; `done` when that has worked. */
export function useTransferring(subject: ConversationView, kind: TargetKind, send: Send, done: () => void) {
  const current = useCurrent()
  const task = useTask()
  const target = ref<Target>({ kind, agentId: '', queueId: '', number: '', flowId: '', node: '' })
  const note = ref('')
  /** The same for every try of this dialog, so that one that was carried out unheard is not carried out twice. */
  const clientId = newKey()

  const canPass = computed(() => {
    const { kind: to, agentId, queueId } = target.value
    return to === 'agent' ? agentId !== '' : to === 'queue' && queueId !== ''
  })

  async function pass(): Promise<void> {
    const { kind: kindOf, agentId, queueId } = target.value
    const to = kindOf === 'agent' ? { agent_id: agentId } : { queue_id: queueId }
    const isDone = await task.run(async () =>
      current.show(await send(subject.conversation_id, { ...to, note: note.value.trim(), client_id: clientId })),
    )
    if (isDone) done()
  }

  return { target, note, task, canPass, pass }
}
