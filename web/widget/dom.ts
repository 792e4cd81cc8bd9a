/** Small helpers to build elements; text only ever becomes text. */

type Attributes = Record<string, string | boolean | undefined>

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '')
    else if (typeof value === 'string') element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

const LINK = /https?:\/\/[^\s<>"'“”‘’，。；！？、（）《》]+[^\s<>"'“”‘’，。；！？、（）《》.,;:!?)]/g

/** `text` with its web addresses as links. */
export function linked(text: string): (Node | string)[] {
  const parts: (Node | string)[] = []
  let done = 0
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(done, match.index))
    parts.push(make('a', { href: match[0], target: '_blank', rel: 'noopener noreferrer nofollow' }, match[0]))
    done = match.index + match[0].length
  }
  parts.push(text.slice(done))
  return parts
}
