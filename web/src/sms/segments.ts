/**
 * What a text costs as short messages: alphabet, parts, and how much room the last part has.
 * Twin of plugins/sms/wire/segments.py; both are held to segments.json.
 */
export interface Segments {
  encoding: 'gsm7' | 'ucs2'
  parts: number
  left: number
}

/** 3GPP TS 23.038, 6.2.1: the default alphabet, and the extension table, whose characters take two septets. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
const EXTENSION = new Set('\f^{}\\[~]|€')
const ROOM = { gsm7: { whole: 160, part: 153 }, ucs2: { whole: 70, part: 67 } }

export function segmentsOf(text: string): Segments {
  const characters = [...text]
  const encoding = characters.every((one) => BASIC.has(one) || EXTENSION.has(one)) ? 'gsm7' : 'ucs2'
  const costs = characters.map((one) => (encoding === 'ucs2' ? one.length : EXTENSION.has(one) ? 2 : 1))
  const units = costs.reduce((sum, cost) => sum + cost, 0)
  const room = ROOM[encoding]
  if (units <= room.whole) return { encoding, parts: 1, left: room.whole - units }
  let parts = 1
  let used = 0
  for (const cost of costs) {
    if (used + cost > room.part) {
      parts += 1
      used = 0
    }
    used += cost
  }
  return { encoding, parts, left: room.part - used }
}
