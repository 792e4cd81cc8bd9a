/** Reads an article aloud to the agent, line by line; the next line is fetched while one is heard. */
import { onBeforeUnmount, ref } from 'vue'

import { soundUrl, spokenLines } from '@/api/knowledge'
import { toast } from '@/composables/toasts'
import { i18n } from '@/i18n'
import { useSpeakerOn } from '@/phone/far_sound'
import { useSettings } from '@/stores/settings'

export function useReadingAloud() {
  const settings = useSettings()
  const line = ref(0) // the one that is heard, from 1
  const lines = ref(0) // 0 while nothing is read
  let player: HTMLAudioElement | undefined
  let turn = 0

  async function start(articleId: string, version: number): Promise<void> {
    stop()
    const mine = turn
    const spoken = await spokenLines(articleId, version)
    if (mine !== turn) return
    if (!spoken.is_voice) return toast(i18n.global.t('error.no_voice'), 'error')
    lines.value = spoken.lines.length
    const sound = (at: number) => Object.assign(new Audio(soundUrl(articleId, version, at)), { preload: 'auto' })
    let next: HTMLAudioElement | undefined = sound(0)
    for (let at = 0; next && mine === turn; at++) {
      player = next
      line.value = at + 1
      next = at + 1 < lines.value ? sound(at + 1) : undefined
      try {
        await useSpeakerOn(player, settings.values.speaker)
        await played(player)
      } catch {
        if (mine === turn) toast(i18n.global.t('error.no_voice'), 'error')
        break
      }
    }
    if (mine === turn) stop()
  }

  function stop(): void {
    turn++
    player?.pause()
    player = undefined
    line.value = lines.value = 0
  }

  onBeforeUnmount(stop)
  return { line, lines, start, stop }
}

/** Play to the end, or until it is paused; throws when it cannot be played. */
async function played(player: HTMLAudioElement): Promise<void> {
  const over = new Promise<void>((resolve, reject) => {
    player.onended = player.onpause = () => resolve()
    player.onerror = () => reject(player.error)
  })
  await player.play()
  await over
}
