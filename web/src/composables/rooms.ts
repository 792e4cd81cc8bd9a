/** What rooms are called. */
import type { RoomView } from '@/api/types'
import { useTitles } from '@/composables/texts'
import { useSession } from '@/stores/session'

/** Return a group's title, or the name of who else is in a room of two. */
export function roomTitle(room: RoomView): string {
  if (room.title) return room.title
  const me = useSession().me?.user_id
  const { agentName } = useTitles()
  return Object.keys(room.unread)
    .filter((userId) => userId !== me)
    .map(agentName)
    .join('、')
}
