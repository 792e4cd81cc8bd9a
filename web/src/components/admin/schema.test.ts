import { describe, expect, it } from 'vitest'

import { asMember, blank, fieldOf, join, membersOf, pathLabel, resolve } from './schema'

const root = {
  $ref: '#/$defs/Config',
  $defs: {
    Config: {
      type: 'object',
      properties: {
        mast: { type: 'string', default: 'localhost' },
        port: { type: 'integer', minimum: 1, default: 25 },
        key: { type: 'string', format: 'password', 'x-secret': true },
        limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
        hours: { type: 'array', items: { $ref: '#/$defs/Hours' }, default: [] },
        kinds: { type: 'array', items: { enum: ['a', 'b'] } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['mast'],
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
    ['mast', 'text'],
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
    expect(blank(root, root)).toEqual({ mast: 'localhost', port: 25, key: '', limit: null, hours: [], kinds: [], labels: {} })
    expect(blank({ $ref: '#/$defs/Hours' }, root)).toEqual({ opens: '08:30', is_open: false })
  })

  it('names parts as the hub names them in faults', () => {
    expect(join(join(join('', 'hours'), 0), 'opens')).toBe('hours[0].opens')
  })

  const mail = {
    $ref: '#/$defs/Mail',
    $defs: {
      Mail: {
        type: 'object',
        properties: {
          boxes: { type: 'array', items: { $ref: '#/$defs/Box' }, default: [] },
          by_town: { type: 'object', additionalProperties: { $ref: '#/$defs/Box' } },
        },
      },
      Box: {
        type: 'object',
        properties: {
          mast: { type: 'string', title: 'Mast' },
          way: {
            anyOf: [
              { anyOf: [{ $ref: '#/$defs/Smtp' }, { $ref: '#/$defs/Api' }], discriminator: { propertyName: 'kind' } },
              { type: 'null' },
            ],
            default: null,
          },
        },
      },
      Smtp: {
        type: 'object',
        properties: { kind: { enum: ['smtp'] }, mast: { type: 'string' }, hush: { type: 'string', 'x-secret': true } },
      },
      Api: {
        type: 'object',
        properties: { kind: { enum: ['api'] }, mast: { type: 'string' }, hush: { type: 'string', 'x-secret': true } },
      },
    },
  }

  it('tells the members of a tagged union by their tags, and starts as the first', () => {
    const field = fieldOf(mail.$defs.Box.properties.way, mail)
    expect([field.kind, field.isNullable]).toEqual(['union', true])
    expect(membersOf(field.schema, mail).map((member) => member.tag)).toEqual(['smtp', 'api'])
    expect(blank(mail.$defs.Box.properties.way, mail)).toBeNull()
    expect(blank(mail.$defs.Box.properties.way.anyOf[0], mail)).toEqual({ kind: 'smtp', mast: '', hush: '' })
  })

  it('keeps what two members have in common, but hands no secret on', () => {
    const union = fieldOf(mail.$defs.Box.properties.way, mail).schema
    const api = membersOf(union, mail)[1]
    expect(asMember({ kind: 'smtp', mast: 'h', hush: '***' }, api, union, mail)).toEqual({ kind: 'api', mast: 'h', hush: '' })
  })

  it.each([
    ['boxes[1].mast', 'boxes 2 › Mast'],
    ['boxes[0].way.hush', 'boxes 1 › way › hush'],
    ['by_town.北京.mast', 'by town › 北京 › Mast'],
    ['nothing.here', 'nothing › here'],
  ])('calls %s %s', (path, words) => {
    expect(pathLabel(path, mail)).toBe(words)
  })
})
