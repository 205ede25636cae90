import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readShape } from '../../openapi/faults.ts'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { fromSchema, slipped } from './from-schema.ts'

const { createLead, createList, getCall, upsertHandoff } = operations
const evidence = { granted: true, text: 'Yes, call me.', captured_at: '2026-05-26T12:00:00Z' }
const lead = { source: 'web_form', phone: '+12025550100', consent: true }

const told = (schema: Parameters<typeof readShape>[0], input: unknown) =>
  readShape(schema, input).faults.map(({ pointer, detail }) => `${pointer} | ${detail}`)

describe('every fault says what to do', () => {
  const cases: [what: string, told: string[], expected: string[]][] = [
    ['what is missing', told(createLead.input, {}), ['/source | source is required.', '/phone | phone is required.']],
    ['no object at all', told(createLead.input, undefined), [' | The body is required.']],
    [
      'bounds',
      told(createLead.input, { ...lead, source: '', intent: ' ', campaign: 'x'.repeat(101), call_within: 172_800 }),
      [
        '/source | source must not be empty.',
        '/campaign | campaign must have at most 100 characters.',
        '/intent | intent must not be empty.',
        '/call_within | call_within must be at most 86400.',
      ],
    ],
    [
      'kinds',
      told(createLead.input, { ...lead, source: 1, call_within: '60', metadata: [], name: null, consent: 'yes' }),
      [
        '/source | source must be text.',
        '/name | name must be text.',
        '/consent | consent must be true, or an object with the evidence.',
        '/call_within | call_within must be a number.',
        '/metadata | metadata must be an object.',
      ],
    ],
    [
      'a part of a number',
      told(getCall.input, { id: `call_${'0'.repeat(26)}`, wait: 1.5 }),
      ['/wait | wait must be a whole number.'],
    ],
    [
      'shapes, by example',
      told(createLead.input, { ...lead, country: 'Turkey', flow_id: 'Flow', not_before: 'tomorrow', email: 'ece' }),
      [
        '/country | country must look like TR.',
        '/email | email must look like ece@helena.example.',
        '/flow_id | flow_id must look like flow_pricing_v3.',
        '/not_before | not_before must look like 2026-05-26T15:04:11+03:00, with an offset or Z, in a year from 1900 to 2099.',
      ],
    ],
    [
      'a day that does not exist',
      told(createLead.input, { ...lead, not_before: '2026-02-30T10:00:00Z' }),
      ['/not_before | not_before must be a day and a time that exist.'],
    ],
    [
      'allowed values',
      told(upsertHandoff.input, { name: 'sales', targets: [], order: 'random', timeout_seconds: 1 }),
      [
        '/targets | targets must not be empty.',
        '/order | order must be one of in_turn, all_at_once.',
        '/timeout_seconds | timeout_seconds must be at least 5.',
      ],
    ],
    ['one allowed value', told(createLead.input, { ...lead, event: 'x' }), ['/event | event must be lead.created.']],
    [
      'fields that are close to known ones, in any depth, and one that is like none',
      told(createLead.input, {
        ...lead,
        intnet: 'pricing',
        callWithin: 60,
        colour: 'red',
        consent: { ...evidence, txt: '' },
      }),
      [
        '/consent/txt | There is no field txt here; did you mean text?',
        '/intnet | There is no field intnet here; did you mean intent?',
        '/callWithin | There is no field callWithin here; did you mean call_within?',
        `/colour | There is no field colour here; known: ${Object.keys((printSchema(createLead.input, 'input') as { properties: object }).properties).join(', ')}.`,
      ],
    ],
    [
      'the form that was meant, of several',
      told(createLead.input, { ...lead, consent: { granted: true, text: '' } }),
      ['/consent/text | consent.text must not be empty.', '/consent/captured_at | consent.captured_at is required.'],
    ],
    [
      'no form of several',
      told(upsertHandoff.input, {
        name: 'sales',
        targets: [{ name: 'Nobody' }, { phone: '+1', sip: 'sip:a@b.example' }, { phone: 5 }, { phone: '+1', fax: 1 }],
      }),
      [
        '/targets/0 | targets.0 needs phone or sip, one of them.',
        '/targets/1 | targets.1 needs phone or sip, one of them.',
        '/targets/2/phone | targets.2.phone must be text.',
        '/targets/3/fax | There is no field fax here; known: name, phone, sip.',
      ],
    ],
    [
      'names and values of pairs',
      told(createLead.input, { ...lead, metadata: { ['k'.repeat(41)]: 'v', a: 'v'.repeat(501), '': 'v', b: 1 } }),
      [
        `/metadata/${'k'.repeat(41)} | The name of metadata.${'k'.repeat(41)} must have at most 40 characters.`,
        '/metadata/a | metadata.a must have at most 500 characters.',
        '/metadata/ | The name of metadata. must not be empty.',
        '/metadata/b | metadata.b must be text.',
      ],
    ],
    [
      'a list with nothing in it, and one with something else',
      [...told(createList.input, { leads: [] }), ...told(createList.input, { leads: 1 })],
      ['/leads | leads must not be empty.', '/leads | leads must be a list.'],
    ],
    [
      'addresses and clocks',
      [
        ...told(createLead.input, { ...lead, consent: { ...evidence, ip: '1.2.3', url: 'helena' } }),
        ...told(WorkspaceDocument, { sandbox: { clock: 'noon' }, webhooks: [{ url: 'ftp://x', events: ['outcome'] }] }),
      ],
      [
        '/consent/url | consent.url must look like https://helena.example/pricing.',
        '/consent/ip | consent.ip must be an IPv4 or IPv6 address.',
        '/webhooks/0/url | webhooks.0.url must be a URL that begins with https:// or http://.',
        '/webhooks/0/events/0 | webhooks.0.events.0 must be one of *, lead.*, call.*, outcome.*, lead.created, call.started, ' +
          'call.answered, outcome.booked, outcome.qualified, outcome.no_answer, outcome.not_fit, outcome.wrong_number.',
        '/sandbox/clock | sandbox.clock must be a time of day such as 09:00, or a time such as 2026-05-26T15:04:11+03:00.',
      ],
    ],
  ]
  test.each(cases)('%s', (_, faults, expected) => {
    expect(faults).toEqual(expected)
  })

  const schemas: [string, Parameters<typeof readShape>[0]][] = [
    ...operationIds.map((id): [string, Parameters<typeof readShape>[0]] => [id, operations[id].input]),
    ['the workspace document', WorkspaceDocument],
  ]
  test.each(schemas)('%s: never in the validator’s own words, whatever is wrong', (_, schema) => {
    const inner = /invalid|expected|received|too (big|small)|unrecognized|undefined|\[object|regex/i
    const bodies = slipped(slipped(fromSchema(printSchema(schema, 'input') as JsonSchema)))
    fc.assert(
      fc.property(bodies, (body) => {
        for (const { pointer, detail } of readShape(schema, body).faults) {
          expect(pointer).toMatch(/^(\/([^~]|~[01])*)?$/)
          // Names that the caller made up may be any words.
          expect(detail).toMatch(/ (must|is required|needs) |^There is no field |\.$/)
          if (!JSON.stringify(body).match(inner)) expect(detail).not.toMatch(inner)
        }
      }),
      { numRuns: 200 },
    )
  })
})

test('characters are counted as people count them, not by halves of surrogate pairs', () => {
  expect(told(createLead.input, { ...lead, name: '😀'.repeat(200) })).toEqual([])
  expect(told(createLead.input, { ...lead, name: '😀'.repeat(201) })).toEqual([
    '/name | name must have at most 200 characters.',
  ])
})

test('white space around a word is cut off', () => {
  expect(readShape(createLead.input, { ...lead, intent: '  pricing\n' }).data).toMatchObject({ intent: 'pricing' })
})
