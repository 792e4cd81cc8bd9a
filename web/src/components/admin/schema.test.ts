import { describe, expect, it } from 'vitest'

import { blank, fieldOf, join, resolve } from './schema'

const root = {
  $ref: '#/$defs/Config',
  $defs: {
    Config: {
      type: 'object',
      properties: {
        host: { type: 'string', default: 'localhost' },
        port: { type: 'integer', minimum: 1, default: 25 },
        key: { type: 'string', format: 'password', 'x-secret': true },
        limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
        hours: { type: 'array', items: { $ref: '#/$defs/Hours' }, default: [] },
        kinds: { type: 'array', items: { enum: ['a', 'b'] } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['host'],
    },
    Hours: { type: 'object', properties: { opens: { type: 'string', default: '08:30' }, is_open: { type: 'boolean' } } },
  },
}

describe('schema', () => {
  it('follows references and takes null out of alternatives', () => {
    expect(fieldOf(root, root).kind).toBe('object')
    expect(resolve(root.$defs.Config.properties.limit, root)).toEqual({ schema: { type: 'integer', default: null }, isNullable: true })
  })

  it('survives a reference to itself', () => {
    const loop = { $ref: '#/$defs/Loop', $defs: { Loop: { $ref: '#/$defs/Loop' } } }
    expect(fieldOf(loop, loop).kind).toBe('json')
  })

  it.each([
    ['host', 'text'],
    ['port', 'number'],
    ['key', 'secret'],
    ['limit', 'number'],
    ['hours', 'list'],
    ['kinds', 'choices'],
    ['labels', 'map'],
  ] as const)('shows %s as %s', (name, kind) => {
    expect(fieldOf(root.$defs.Config.properties[name], root).kind).toBe(kind)
  })

  it('starts new values at their defaults', () => {
    expect(blank(root, root)).toEqual({ host: 'localhost', port: 25, key: '', limit: null, hours: [], kinds: [], labels: {} })
    expect(blank({ $ref: '#/$defs/Hours' }, root)).toEqual({ opens: '08:30', is_open: false })
  })

  it('names parts as the hub names them in faults', () => {
    expect(join(join(join('', 'hours'), 0), 'opens')).toBe('hours[0].opens')
  })
})
