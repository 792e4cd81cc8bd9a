/** Colleagues named with `@` in a note. */
import type { AgentView } from '@/api/types'

/** Return what stands behind the last `@` of `text` as far as it was typed, or null when none is being typed. */
export function mentionTyped(text: string): string | null {
  return /(?:^|\s|[^\w@])@([^\s@]{0,20})$/.exec(text)?.[1] ?? null
}

/** Return `text` with its unfinished mention made that of `name`. */
export function withMention(text: string, name: string): string {
  return `${text.slice(0, text.lastIndexOf('@'))}@${name} `
}

/** Return the ids of the colleagues whom `text` names; a longer name is not taken for the shorter one it begins with. */
export function mentioned(text: string, agents: Iterable<AgentView>): string[] {
  let rest = text
  const byLength = [...agents].sort((a, b) => b.display_name.length - a.display_name.length)
  return byLength
    .filter(({ display_name }) => {
      const isNamed = display_name !== '' && rest.includes(`@${display_name}`)
      if (isNamed) rest = rest.replaceAll(`@${display_name}`, '')
      return isNamed
    })
    .map((agent) => agent.agent_id)
}
