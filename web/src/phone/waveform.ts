/** How loud a recording is along its length, for drawing; computed in the browser from the file itself. */

const MAX_BYTES = 64_000_000 // a longer one is played without a picture of it

/** Return `count` levels from 0 to 1, the loudest of each stretch, over all channels. */
export function levelsOf(channels: readonly Float32Array[], count: number): number[] {
  const length = channels[0]?.length ?? 0
  const levels = Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * length) / count)
    const to = Math.max(from + 1, Math.floor(((index + 1) * length) / count))
    let loudest = 0
    for (const samples of channels) for (let at = from; at < to && at < length; at++) loudest = Math.max(loudest, Math.abs(samples[at]))
    return loudest
  })
  const top = Math.max(...levels, 0.05) // silence stays flat
  return levels.map((level) => level / top)
}

/** Fetch the file at `url` and return its levels; null when it cannot be read here. */
export async function fetchLevels(url: string, count: number): Promise<number[] | null> {
  try {
    const response = await fetch(url)
    if (!response.ok || Number(response.headers.get('Content-Length') ?? 0) > MAX_BYTES) return null
    const context = new OfflineAudioContext(1, 1, 8000) // the rate of telephones: less to hold in memory
    const sound = await context.decodeAudioData(await response.arrayBuffer())
    return levelsOf(Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index)), count)
  } catch {
    return null
  }
}
