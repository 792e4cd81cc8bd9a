/** Reads the little Markdown that articles use into blocks, so that no HTML is ever inserted. */

export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; isOrdered: boolean; items: string[] }

const HEADING = /^(#{1,6})\s+(.*)$/
const BULLET = /^\s*[-*+]\s+(.*)$/
const NUMBERED = /^\s*\d+[.)]\s+(.*)$/

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let isOpen = false // whether the next line goes on with the paragraph before it
  for (const line of markdown.split('\n')) {
    const heading = HEADING.exec(line)
    const bullet = BULLET.exec(line)
    const numbered = NUMBERED.exec(line)
    const last = blocks.at(-1)
    if (heading) {
      blocks.push({ kind: 'heading', level: heading[1].length, text: plain(heading[2]) })
    } else if (bullet || numbered) {
      const isOrdered = !bullet
      const item = plain((bullet ?? numbered)![1])
      if (last?.kind === 'list' && last.isOrdered === isOrdered) last.items.push(item)
      else blocks.push({ kind: 'list', isOrdered, items: [item] })
    } else if (line.trim()) {
      if (isOpen && last?.kind === 'paragraph') last.text += `\n${plain(line)}`
      else blocks.push({ kind: 'paragraph', text: plain(line) })
    }
    isOpen = !heading && !bullet && !numbered && line.trim() !== ''
  }
  return blocks
}

const plain = (text: string) => text.replace(/\*\*|__|`/g, '').trim()
