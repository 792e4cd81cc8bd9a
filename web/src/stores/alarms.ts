/** Alarms as they are raised, on whatever page one is: words, a colour, a sound. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { acknowledge, type Alarm } from '@/api/wallboard'
import { notify } from '@/composables/alerts'
import { ringOnce } from '@/composables/sounds'
import { named, useTitles } from '@/composables/texts'
import { toast } from '@/composables/toasts'
import { duration } from '@/format'
import { i18n } from '@/i18n'
import { useDesk } from '@/stores/desk'

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
    notify(i18n.global.t('wallboard.alarm'), words, alarm.alarm_id)
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

/** Return the alarm in one sentence. */
export function alarmText(alarm: Alarm): string {
  const { queueTitle, agentName } = useTitles()
  const { t } = i18n.global
  const who = { queue: queueTitle, agent: agentName, channel: (name: string) => name }[alarm.subject_kind](alarm.subject_id)
  const isTime = alarm.kind === 'away_longer' || alarm.kind === 'wait_longer' || alarm.kind === 'channel_down'
  const [value, limit] = [alarm.value, alarm.limit].map((one) => (isTime ? duration(one * 1000) : String(one)))
  return `${who} · ${t('wallboard.over', { what: named('alarm_kind', alarm.kind), value, limit })}`
}
