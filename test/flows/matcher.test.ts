import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRouter, type LeadTraits, type RoutableFlow } from '../../flows/language/matcher.ts'
import { tie } from '../../flows/language/ties.ts'

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
    flow('any', { intent: ['y'] }),
    flow('far', { source: ['x'], intent: ['y'] }),
    flow('near', { source: ['web_form'], intent: ['support'] }),
  ])
  expect(router.route(lead)).toBeNull()
  expect(router.refusal(lead)).toBe(
    'No flow takes this lead; the closest, near, wants intent support (the lead has "pricing").',
  )
  expect(compileRouter([]).refusal(lead)).toBe('There are no flows.')
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
    const speech = exact ? 2 : match.language.length === 0 || spoken ? 1 : 0
    return [{ id, score: [count, ...named, speech].join('') }]
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

const one = fc.record({
  source: values(value),
  campaign: values(value),
  intent: values(value),
  language: values(language),
})

test('two flows tie when, and only when, some lead that says everything finds nothing to choose between them', () => {
  const every = (of: string[]) => [null, ...of]
  const leads = every(['p', 'q', 'r']).flatMap((source) =>
    every(['p', 'q', 'r']).flatMap((campaign) =>
      every(['p', 'q', 'r']).flatMap((intent) =>
        ['tr', 'tr-TR', 'en', 'de-AT', 'xx'].map((language) => ({ source, campaign, intent, language })),
      ),
    ),
  )
  const pair = fc.oneof(
    fc.tuple(one, one),
    one.chain((it) => fc.tuple(fc.constant(it), fc.record({ ...fixed(it), intent: values(value) }))),
  )
  fc.assert(
    fc.property(pair, ([first, second]) => {
      // Whoever comes first by id wins a tie: it shows when the ids are changed over.
      const [there, back] = [
        compileRouter([flow('a', first), flow('b', second)]),
        compileRouter([flow('b', first), flow('a', second)]),
      ]
      const undecided = leads.some((it) => {
        const [chosen, other] = [there.route(it)?.flow_id, back.route(it)?.flow_id]
        return chosen !== undefined && chosen === other && first !== second && takesBoth(first, second, it)
      })
      expect([tie(first, second) !== undefined, tie(second, first) !== undefined]).toEqual([undecided, undecided])
    }),
    { numRuns: 300 },
  )
})

const fixed = (match: RoutableFlow['match']) => ({
  source: fc.constant(match.source),
  campaign: fc.constant(match.campaign),
  language: fc.constant(match.language),
})

const takesBoth = (first: RoutableFlow['match'], second: RoutableFlow['match'], wanted: LeadTraits) =>
  [first, second].every((match) => compileRouter([flow('x', match)]).route(wanted))

test('a tie says which leads', () => {
  expect(tie(any, any)).toBe('any lead')
  expect(tie({ ...any, source: ['x', 'y'], language: ['tr'] }, { ...any, source: ['y'], language: ['tr', 'en'] })).toBe(
    'leads with source y, language tr',
  )
  expect(tie({ ...any, language: ['tr'] }, { ...any, language: ['tr-TR'] })).toBeUndefined()
  expect(tie({ ...any, source: ['x'] }, { ...any, intent: ['x'] })).toBeUndefined()
})

test('every flow says why it was chosen or not', () => {
  const router = compileRouter([
    flow('a_any', {}),
    flow('b_source', { source: ['web_form'] }),
    flow('c_both', { source: ['web_form'], intent: ['pricing'] }),
    flow('d_other', { source: ['crm'], intent: ['support'] }),
    flow('e_exact', { source: ['web_form'], intent: ['pricing'], language: ['tr-TR'] }),
    flow('f_near', { source: ['web_form'], intent: ['pricing'], language: ['tr'] }),
    flow('g_campaign', { campaign: ['may'] }),
  ])
  expect(
    router.explain({ ...lead, campaign: 'may' }).map(({ flow_id, verdict, why }) => [flow_id, verdict, why]),
  ).toEqual([
    ['e_exact', 'chosen', 'intent=pricing source=web_form language=tr-TR'],
    ['f_near', 'outranked', 'e_exact names as much, and exactly the language tr-TR'],
    [
      'c_both',
      'outranked',
      'e_exact names more of this lead: intent and source and language; this one names intent and source',
    ],
    [
      'g_campaign',
      'outranked',
      'e_exact names more of this lead: intent and source and language; this one names campaign',
    ],
    ['b_source', 'outranked', 'e_exact names more of this lead: intent and source and language; this one names source'],
    ['a_any', 'outranked', 'e_exact names more of this lead: intent and source and language; this one names nothing'],
    ['d_other', 'refused', 'it wants intent support (the lead has "pricing") and source crm (the lead has "web_form")'],
  ])
})

test('the flow that a lead names is chosen, whatever it takes, and the others say how they stand to it', () => {
  const router = compileRouter([flow('any', {}), flow('fax', { source: ['fax'] }), flow('crm', { source: ['crm'] })])
  const told = router.explain(lead, 'fax').map(({ flow_id, verdict, why }) => [flow_id, verdict, why])
  expect(told).toEqual([
    ['fax', 'chosen', 'named by the lead'],
    ['any', 'outranked', 'the lead names fax'],
    ['crm', 'refused', 'it wants source crm (the lead has "web_form")'],
  ])
})

test('the one that is explained as chosen is the route, and every flow is explained once', () => {
  fc.assert(
    fc.property(anyFlows, anyLead, (flows, wanted) => {
      const router = compileRouter(flows)
      const told = router.explain(wanted)
      expect(told.filter(({ verdict }) => verdict === 'chosen').map(({ flow_id }) => flow_id)).toEqual(
        [router.route(wanted)?.flow_id].filter((id) => id !== undefined),
      )
      expect(told.map(({ flow_id }) => flow_id).toSorted()).toEqual([...new Set(flows.map(({ id }) => id))].toSorted())
      expect(told.every(({ why }) => why !== '')).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('a guessed language that no flow names goes to one for any language', () => {
  const router = compileRouter([flow('a_tr', { language: ['tr'] }), flow('b_any', {})])
  expect(router.route({ language: 'de', isLanguageDerived: true })?.flow_id).toBe('b_any')
  expect(router.route({})?.flow_id).toBe('b_any')
  expect(router.explain({})[1]).toMatchObject({ why: 'b_any names as much, and takes any language' })
})
