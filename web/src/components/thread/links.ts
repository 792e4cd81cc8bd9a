/** Finds web addresses in what people write. Only http and https become links. */

const ADDRESS = /https?:\/\/[^\s<>"'\u2018-\u201d\u3000-\u3011\uff01-\uff20\uff3b\uff3d]+/gi // up to Chinese punctuation
const TRAILING = /[.,;:!?)\]}]+$/

export interface TextPart {
  text: string
  url?: string
}

/** Return `text` in parts, those that are addresses with their `url`; together they are the text. */
export function linked(text: string): TextPart[] {
  const parts: TextPart[] = []
  let at = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, '')
    if (!URL.canParse(address)) continue
    if (match.index > at) parts.push({ text: text.slice(at, match.index) })
    parts.push({ text: address, url: address })
    at = match.index + address.length
  }
  if (at < text.length) parts.push({ text: text.slice(at) })
  return parts
}
