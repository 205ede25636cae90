import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRouter, type LeadTraits, type RoutableFlow } from '../../flows/language/matcher.ts'

const any = { source: [], campaign: [], intent: [], language: [] }
const flow = (id: string, match: Partial<RoutableFlow['match']>, version = 1): RoutableFlow => ({
  id,
  version,
  match: { ...any, ...match },
})
const lead = { source: 'web_form', campaign: null, intent: 'pricing', language: 'tr-TR' }

test('the flow that names most of the lead wins', () => {
  const router = compileRouter([
    flow('a_any', {}),
    flow('b_source', { source: ['web_form'] }),
    flow('c_both', { source: ['web_form', 'x'], intent: ['pricing'] }),
    flow('d_other', { source: ['web_form'], intent: ['support'], language: ['tr'] }),
  ])
  expect(router.route(lead)).toEqual({ flow_id: 'c_both', version: 1, why: 'intent=pricing source=web_form' })
  expect(router.route({ ...lead, source: 'other' })).toEqual({ flow_id: 'a_any', version: 1, why: 'takes any lead' })
})

test('ties: campaign before intent before source before language, then the exact tag, then the id', () => {
  const winner = (...flows: RoutableFlow[]) => compileRouter(flows).route({ ...lead, campaign: 'may' })?.flow_id
  expect(winner(flow('a', { intent: ['pricing'] }), flow('b', { campaign: ['may'] }))).toBe('b')
  expect(winner(flow('a', { source: ['web_form'] }), flow('b', { intent: ['pricing'] }))).toBe('b')
  expect(winner(flow('a', { language: ['tr'] }), flow('b', { source: ['web_form'] }))).toBe('b')
  expect(winner(flow('a', { language: ['tr'] }), flow('b', { language: ['tr-TR'] }))).toBe('b')
  expect(winner(flow('b', { language: ['tr'] }), flow('a', { language: ['tr'] }))).toBe('a')
})

test('language: its region is optional, its absence blocks nothing, a derived one only prefers', () => {
  const router = compileRouter([flow('en', { language: ['en'] }), flow('tr', { language: ['tr'] })])
  expect(router.route({ language: 'tr_TR' })?.flow_id).toBe('tr')
  expect(router.route({ language: 'TR' })?.flow_id).toBe('tr')
  expect(router.route({})?.flow_id).toBe('en')
  expect(router.route({ language: 'de' })).toBeNull()
  expect(router.route({ language: 'de', isLanguageDerived: true })?.flow_id).toBe('en')
  expect(router.route({ language: 'tr', isLanguageDerived: true })?.flow_id).toBe('tr')
})

test('a lead that no flow takes is told which came closest', () => {
  const router = compileRouter([
    flow('far', { source: ['x'], intent: ['y'] }),
    flow('near', { source: ['web_form'], intent: ['support'] }),
  ])
  expect(router.route(lead)).toBeNull()
  expect(router.refusal(lead)).toBe(
    'no flow takes this lead; the closest, near, wants intent support (the lead has "pricing")',
  )
  expect(compileRouter([]).refusal(lead)).toBe('there are no flows')
})

const value = fc.constantFrom('p', 'q', 'r')
const language = fc.constantFrom('tr', 'tr-TR', 'en', 'de-AT')
const values = (of: fc.Arbitrary<string>) => fc.uniqueArray(of, { maxLength: 2 })
const anyFlows = fc
  .array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      version: fc.integer({ min: 1, max: 3 }),
      match: fc.record({
        source: values(value),
        campaign: values(value),
        intent: values(value),
        language: values(language),
      }),
    }),
    { maxLength: 8 },
  )
  .map((flows) => [...new Map(flows.map((it) => [`${it.id}@${it.version}`, it])).values()])
const orNone = (of: fc.Arbitrary<string>) => fc.option(of, { nil: null })
const anyLead: fc.Arbitrary<LeadTraits> = fc.record({
  source: orNone(value),
  campaign: orNone(value),
  intent: orNone(value),
  language: orNone(language),
  isLanguageDerived: fc.boolean(),
})

/** The rules of routing in the plainest words: score every flow, sort, take the first. */
function reference(flows: RoutableFlow[], wanted: LeadTraits): string | null {
  const newest = flows.filter((it) => !flows.some((other) => other.id === it.id && other.version > it.version))
  const scored = newest.flatMap(({ id, match }) => {
    const says = (dimension: 'campaign' | 'intent' | 'source') => match[dimension].includes(wanted[dimension] ?? '')
    const fits = (dimension: 'campaign' | 'intent' | 'source') => match[dimension].length === 0 || says(dimension)
    const exact = match.language.includes(wanted.language ?? '')
    const spoken = exact || match.language.includes((wanted.language ?? '').slice(0, 2))
    const blocked = match.language.length > 0 && wanted.language && !spoken && !wanted.isLanguageDerived
    if (!fits('campaign') || !fits('intent') || !fits('source') || blocked) return []
    const named = [says('campaign'), says('intent'), says('source'), spoken].map(Number)
    const count = named.reduce((sum, it) => sum + it, 0)
    return [{ id, score: [count, ...named, Number(exact)].join('') }]
  })
  scored.sort((a, b) => (a.score === b.score ? (a.id < b.id ? -1 : 1) : a.score > b.score ? -1 : 1))
  return scored[0]?.id ?? null
}

test('the router agrees with the plain rules, in whatever order the flows come', () => {
  fc.assert(
    fc.property(anyFlows, anyLead, (flows, wanted) => {
      const expected = reference(flows, wanted)
      expect(compileRouter(flows).route(wanted)?.flow_id ?? null).toBe(expected)
      expect(compileRouter([...flows].reverse()).route(wanted)?.flow_id ?? null).toBe(expected)
    }),
    { numRuns: 1_500 },
  )
})
