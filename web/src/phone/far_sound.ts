/** Lets the agent hear the far end, on the loudspeaker they chose. */

type Sinkable = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }

let element: Sinkable | undefined

/** Play `sound`, or nothing; it goes on whatever page of the desk is shown. */
export function playFarSound(sound: MediaStream | null, speaker: string): void {
  if (!sound && !element) return
  element ??= new Audio()
  element.srcObject = sound
  if (!sound) return
  void useSpeaker(speaker)
  void element.play().catch(() => undefined) // taken away again before it began
}

export async function useSpeaker(id: string): Promise<void> {
  await element?.setSinkId?.(id).catch(() => element?.setSinkId?.('')) // unplugged: the usual one
}

/** Have `player` heard on `speaker`, or on the usual one when it is unplugged. */
export async function useSpeakerOn(player: Sinkable, speaker: string): Promise<void> {
  await player.setSinkId?.(speaker).catch(() => undefined)
}

/** Play a file on `speaker` to its end. */
export async function playOnce(sound: Blob, speaker: string): Promise<void> {
  const url = URL.createObjectURL(sound)
  const player: Sinkable = new Audio(url)
  try {
    await useSpeakerOn(player, speaker)
    await player.play()
    await new Promise((resolve) => (player.onended = resolve))
  } finally {
    URL.revokeObjectURL(url)
  }
}
