/** Alarms as they are raised, on whatever page one is: words, a colour, a sound. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { NotificationView } from '@/api/types'
import { acknowledge, type Alarm, type AlarmRecord } from '@/api/wallboard'
import { notify } from '@/composables/alerts'
import { ringOnce } from '@/composables/sounds'
import { named, useTitles } from '@/composables/texts'
import { toast } from '@/composables/toasts'
import { duration } from '@/format'
import { i18n } from '@/i18n'
import { useDesk } from '@/stores/desk'

const TIMES = ['away_longer', 'wait_longer', 'channel_down']

export const useAlarms = defineStore('alarms', () => {
  const desk = useDesk()
  const lasting = shallowRef<Alarm[]>([])
  const isSilent = ref(false)
  const unseen = computed(() => lasting.value.filter((one) => !one.acknowledged_at))

  desk.onSignal((signal) => {
    if (signal.name !== 'alarm' || !signal.alarm) return
    const alarm = signal.alarm
    lasting.value = [...lasting.value.filter((one) => one.alarm_id !== alarm.alarm_id), alarm]
    const words = alarmText(alarm)
    toast(words, 'error')
    if (!isSilent.value) ringOnce()
    notify(i18n.global.t('alarm.one'), words, alarm.alarm_id)
  })

  /** Take over what lasts, as the board says. */
  function replaceAll(alarms: Alarm[]): void {
    lasting.value = [...alarms].sort((one, other) => other.raised_at.localeCompare(one.raised_at))
  }

  async function see(alarm: Alarm): Promise<void> {
    const seen = await acknowledge(alarm.alarm_id)
    lasting.value = lasting.value.map((one) => (one.alarm_id === seen.alarm_id ? seen : one))
  }

  return { lasting, unseen, isSilent, replaceAll, see }
})

type About = Pick<AlarmRecord, 'subject_kind' | 'subject_id' | 'kind' | 'value' | 'limit'>

/** Return the alarm that a notice is about. */
export function alarmOf({ params = {} }: NotificationView): About {
  const { alarm_kind, subject_kind, subject_id, value, limit } = params
  return { kind: alarm_kind, subject_kind, subject_id, value: Number(value), limit: Number(limit) } as About
}

/** Return a limit as people say it: a length of time, a percentage, or a number. */
export function limitText(kind: string | undefined, value: number): string {
  if (kind === 'service_below') return `${value}%`
  return TIMES.includes(kind ?? '') ? duration(value * 1000) : String(value)
}

/** Return the alarm in one sentence. */
export function alarmText(alarm: About): string {
  const { queueTitle, agentName } = useTitles()
  const { t } = i18n.global
  const who = { queue: queueTitle, agent: agentName, channel: (name?: string) => name }[alarm.subject_kind ?? 'channel'](alarm.subject_id)
  const [value, limit] = [alarm.value ?? 0, alarm.limit ?? 0].map((one) => limitText(alarm.kind, one))
  return `${who} · ${t('alarm.over', { what: named('alarm_kind', alarm.kind ?? ''), value, limit })}`
}
