/** The list on the left: which conversations, in which order. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { listConversations } from '@/api/desk'
import type { ConversationView } from '@/api/types'
import { errorText, toast } from '@/composables/toasts'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { useSettings } from '@/stores/settings'

export type Tab = 'mine' | 'snoozed' | 'waiting' | 'all'

const PAGE = 100
const SEARCH_MS = 250

export const useInbox = defineStore('inbox', () => {
  const desk = useDesk()
  const session = useSession()
  const settings = useSettings()

  const tab = ref<Tab>('mine')
  const channel = ref('')
  const query = ref('')
  /** What the hub listed for `all` or for a search; live rows win over these copies. */
  const listed = shallowRef<ConversationView[]>([])
  const cursor = ref<string | null>(null)
  const isLoading = ref(false)
  let request = 0

  const all = computed(() => [...desk.conversations.values()])
  const owned = computed(() =>
    all.value.filter(
      (one) => one.agent_id === session.me?.user_id && (one.state === 'active' || one.state === 'wrap_up'),
    ),
  )
  const mine = computed(() => owned.value.filter((one) => !one.snoozed_until))
  const snoozed = computed(() => owned.value.filter((one) => one.snoozed_until))
  const waiting = computed(() => all.value.filter((one) => one.state === 'queued'))
  // each stays sorted while another list is shown
  const inOrder = {
    mine: computed(() => sorted(mine.value.filter(isInChannel), settings.values.sort === 'waiting' ? byWaiting : byRecent)),
    snoozed: computed(() => sorted(snoozed.value.filter(isInChannel), byWaking)),
    waiting: computed(() => sorted(waiting.value.filter(isInChannel), byQueue)),
  }
  const isListed = computed(() => tab.value === 'all' || query.value !== '')

  const rows = computed<ConversationView[]>(() => {
    if (tab.value === 'all' || query.value) return listed.value.map((one) => desk.conversations.get(one.conversation_id) ?? one)
    return inOrder[tab.value].value
  })

  const channels = computed(() => [...new Set(all.value.map((one) => one.channel))].sort())
  const unreadMine = computed(() => mine.value.reduce((sum, one) => sum + (one.unread ?? 0), 0))

  function isInChannel(one: ConversationView): boolean {
    return channel.value === '' || one.channel === channel.value
  }

  async function fetchPage(isFirst: boolean): Promise<void> {
    const mark = ++request
    isLoading.value = true
    try {
      const page = await listConversations({
        view: 'all',
        q: query.value,
        channel: channel.value,
        cursor: isFirst ? null : cursor.value,
        limit: PAGE,
      })
      if (mark !== request) return // another list was asked for meanwhile
      listed.value = isFirst ? page.items : [...listed.value, ...page.items]
      cursor.value = page.next_cursor ?? null
    } catch (error) {
      if (mark === request) toast(errorText(error), 'error')
    } finally {
      if (mark === request) isLoading.value = false
    }
  }

  function fetchMore(): void {
    if (isListed.value && cursor.value && !isLoading.value) void fetchPage(false)
  }

  let searchTimer: ReturnType<typeof setTimeout> | undefined
  watch([tab, channel, query], (_now, before) => {
    clearTimeout(searchTimer)
    if (!isListed.value) return
    const isSearch = before[2] !== query.value
    if (!isSearch) listed.value = []
    searchTimer = setTimeout(() => void fetchPage(true), isSearch ? SEARCH_MS : 0)
  })
  desk.onUp(() => isListed.value && void fetchPage(true))

  return { tab, channel, query, rows, mine, snoozed, waiting, channels, unreadMine, isListed, isLoading, fetchMore }
})

type Key = (one: ConversationView) => [number, number]

const time = (iso: string | null | undefined) => (iso ? Date.parse(iso) : Number.MAX_SAFE_INTEGER)

const byRecent: Key = (one) => [-time(one.last_entry_at ?? one.opened_at), 0]
/** Who has waited longest for an answer first; who does not wait comes last. */
const byWaiting: Key = (one) => [time(one.waiting_since), byRecent(one)[0]]
const byWaking: Key = (one) => [time(one.snoozed_until), 0]
const byQueue: Key = (one) => [-(one.priority ?? 0), time(one.queued_at)]

/** Sort with each key made once: parsing times while comparing takes longer than everything else. */
function sorted(rows: ConversationView[], keyOf: Key): ConversationView[] {
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1])
    .map(({ row }) => row)
}
