import { expect, it } from 'vitest'

import type { AgentView } from '@/api/types'
import { mentioned, mentionTyped, withMention } from './mentions'

const agent = (agent_id: string, display_name: string) => ({ agent_id, display_name }) as AgentView
const AGENTS = [agent('u1', 'Li'), agent('u2', 'Li Na'), agent('u3', 'Chen')]

it.each([
  ['@', ''],
  ['please @Li', 'Li'],
  ['a@b.cn', null], // an address is no mention
  ['@Li ', null],
  ['nobody', null],
])('sees in %s that %s is being typed', (text, typed) => {
  expect(mentionTyped(text)).toBe(typed)
})

it('puts the whole name in place of what was typed', () => {
  expect(withMention('ask @L', 'Li Na')).toBe('ask @Li Na ')
})

it('knows whom a note names', () => {
  expect(mentioned('@Li Na, @Chen look', AGENTS).sort()).toEqual(['u2', 'u3'])
  expect(mentioned('@Li and @Li Na', AGENTS).sort()).toEqual(['u1', 'u2'])
  expect(mentioned('Li knows', AGENTS)).toEqual([])
})
