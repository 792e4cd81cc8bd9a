/**
 * What a text costs as short messages: alphabet, parts, and how much room the last part has.
 * Twin of plugins/sms/wire/segments.py; both are held to segments.json and connections.json.
 */
import { cost, has, ROOM, type Alphabet } from './alphabets'

export interface Segments {
  encoding: Alphabet
  parts: number
  left: number
}

/** How a connection cuts texts, as its `carries` says: the first alphabet that has all characters, else the last. */
export interface Cutting {
  alphabets?: Alphabet[]
  reference_bits?: 8 | 16
}

export function segmentsOf(text: string, { alphabets = ['gsm7', 'ucs2'], reference_bits: bits = 8 }: Cutting = {}): Segments {
  const characters = [...text]
  const encoding = alphabets.find((one) => characters.every((character) => has(one, character))) ?? alphabets.at(-1)!
  const costs = characters.map((one) => cost(encoding, one))
  const units = costs.reduce((sum, one) => sum + one, 0)
  const room = ROOM[encoding]
  if (units <= room.whole) return { encoding, parts: 1, left: room.whole - units }
  let parts = 1
  let used = 0
  for (const one of costs) {
    if (used + one > room[bits]) {
      parts += 1
      used = 0
    }
    used += one
  }
  return { encoding, parts, left: room[bits] - used }
}
