/** Says who writes while they write, and that they stopped when they pause. */
import { useDesk } from '@/stores/desk'

const REPEATED_MS = 3000
const ENDS_MS = 4000

export function useTypingNotice(): (conversationId: string, isTyping: boolean) => void {
  const desk = useDesk()
  let since = 0
  let end: ReturnType<typeof setTimeout> | undefined

  return function tell(conversationId, isTyping) {
    clearTimeout(end)
    if (!isTyping) {
      if (since) desk.tellTyping(conversationId, false)
      since = 0
      return
    }
    const now = Date.now()
    if (now - since > REPEATED_MS) {
      since = now
      desk.tellTyping(conversationId, true)
    }
    end = setTimeout(() => tell(conversationId, false), ENDS_MS)
  }
}
