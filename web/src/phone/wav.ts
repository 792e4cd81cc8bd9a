/** Sounds as WAV files (RIFF, 16-bit PCM, mono), the one form that every telephone engine plays. */

export const RATE_HZ = 16_000
const HEADER_BYTES = 44

/** Return `samples`, from -1 to 1, as a WAV file. */
export function encodeWav(samples: Float32Array, rateHz: number): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + samples.length * 2))
  const word = (at: number, text: string) => [...text].forEach((char, index) => view.setUint8(at + index, char.charCodeAt(0)))
  word(0, 'RIFF')
  view.setUint32(4, 36 + samples.length * 2, true)
  word(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true) // PCM
  view.setUint16(22, 1, true) // one channel
  view.setUint32(24, rateHz, true)
  view.setUint32(28, rateHz * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  word(36, 'data')
  view.setUint32(40, samples.length * 2, true)
  samples.forEach((sample, index) => {
    const level = Math.max(-1, Math.min(1, sample))
    view.setInt16(HEADER_BYTES + index * 2, Math.round(level < 0 ? level * 0x8000 : level * 0x7fff), true)
  })
  return view.buffer
}

/** Return any sound that the browser can read as a WAV file; DOMException when it cannot. */
export async function toWav(sound: Blob, name: string): Promise<File> {
  const decoded = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await sound.arrayBuffer()) // resampled
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, index) => decoded.getChannelData(index))
  const mono = channels[0].map((_, at) => channels.reduce((sum, one) => sum + one[at], 0) / channels.length)
  return new File([encodeWav(mono, RATE_HZ)], `${name}.wav`, { type: 'audio/wav' })
}
