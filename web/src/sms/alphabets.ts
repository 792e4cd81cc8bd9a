/** The alphabets of short messages; twin of plugins/sms/wire/alphabets.py. */

export type Alphabet = 'gsm7' | 'ascii' | 'latin1' | 'ucs2' | 'gb18030'

/** Units that a whole message may take, and each part of a long one by the bits of its reference. */
export const ROOM: Record<Alphabet, { whole: number; 8: number; 16: number }> = {
  gsm7: { whole: 160, 8: 153, 16: 152 },
  ascii: { whole: 160, 8: 153, 16: 152 },
  latin1: { whole: 140, 8: 134, 16: 133 },
  ucs2: { whole: 70, 8: 67, 16: 66 },
  gb18030: { whole: 140, 8: 134, 16: 133 },
}

/** 3GPP TS 23.038, 6.2.1: the default alphabet, and the extension table, whose characters take two septets. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
const EXTENSION = new Set('\f^{}\\[~]|€')

/** Whether `alphabet` has the character. */
export function has(alphabet: Alphabet, character: string): boolean {
  switch (alphabet) {
    case 'gsm7':
      return BASIC.has(character) || EXTENSION.has(character)
    case 'ascii':
      return character <= '\x7f'
    case 'latin1':
      return character <= '\xff'
    default:
      return true
  }
}

/** How many units the character takes. */
export function cost(alphabet: Alphabet, character: string): number {
  switch (alphabet) {
    case 'gsm7':
      return EXTENSION.has(character) ? 2 : 1
    case 'ucs2':
      return character.length
    case 'gb18030':
      return character <= '\x7f' ? 1 : inTwoOctets().has(character) ? 2 : 4
    default:
      return 1
  }
}

let twoOctets: Set<string> | undefined

/** The characters of GB 18030 that take two octets, read from the browser's own table when they are first asked for. */
function inTwoOctets(): Set<string> {
  if (twoOctets) return twoOctets
  const octets: number[] = []
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) if (trail !== 0x7f) octets.push(lead, trail)
  }
  return (twoOctets = new Set(new TextDecoder('gb18030').decode(new Uint8Array(octets))))
}
