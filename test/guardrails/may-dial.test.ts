import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DialFacts, mayDial } from '../../runtime/guardrails/may-dial.ts'
import { isOpenAt } from './wall-clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const now = new Date('2026-05-26T12:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const ahead = (ms: number) => new Date(now.getTime() + ms)

const fine: DialFacts = {
  now,
  consent: true,
  optedOut: false,
  notBefore: null,
  zones: ['Europe/Istanbul'],
  country: 'TR',
  subdivision: null,
  quietHours: { from: '22:00', to: '09:00' },
  attemptsOfCall: 0,
  maxAttempts: 3,
  attemptsToNumber: [],
  caps: { perNumberPer24h: 3, perNumberPer30d: 10, minGapSeconds: 300 },
  attemptsOfWorkspaceToday: 0,
  workspacePerDay: null,
  ringMarginSeconds: 45,
}

test.each<[string, Partial<DialFacts>, ReturnType<typeof mayDial>]>([
  ['nothing against it', {}, { kind: 'allow' }],
  ['no consent', { consent: false, optedOut: true }, { kind: 'refuse', reason: 'no_consent' }],
  ['opted out, whatever the hour', { optedOut: true, now: ahead(12 * HOUR) }, { kind: 'refuse', reason: 'opted_out' }],
  ['all attempts made', { attemptsOfCall: 3 }, { kind: 'refuse', reason: 'attempts_spent' }],
  [
    'not before an hour from now',
    { notBefore: ahead(HOUR) },
    { kind: 'hold', until: ahead(HOUR), reason: 'not_before' },
  ],
  ['not before something past', { notBefore: ago(HOUR) }, { kind: 'allow' }],
  [
    'not before a time at night',
    { notBefore: ahead(8 * HOUR) },
    { kind: 'hold', until: new Date('2026-05-27T06:00:00Z'), reason: 'quiet_hours' },
  ],
  [
    'called a minute ago',
    { attemptsToNumber: [ago(MINUTE)] },
    { kind: 'hold', until: ahead(4 * MINUTE), reason: 'min_gap' },
  ],
  ['called as long ago as the gap', { attemptsToNumber: [ago(5 * MINUTE)] }, { kind: 'allow' }],
  [
    'called three times today',
    { attemptsToNumber: [ago(20 * HOUR), ago(HOUR), ago(22 * HOUR)] },
    { kind: 'hold', until: ahead(2 * HOUR), reason: 'attempt_cap' },
  ],
  [
    'called three times, one of them 24 h ago',
    { attemptsToNumber: [ago(24 * HOUR), ago(HOUR), ago(2 * HOUR)] },
    { kind: 'allow' },
  ],
  [
    'workspace spent, the day ends in its zone',
    { attemptsOfWorkspaceToday: 5, workspacePerDay: 5, workspaceZone: 'Asia/Tokyo' },
    { kind: 'hold', until: ahead(3 * HOUR), reason: 'workspace_cap' },
  ],
  [
    'workspace spent, in UTC that ends at night',
    { attemptsOfWorkspaceToday: 9, workspacePerDay: 5 },
    { kind: 'hold', until: new Date('2026-05-27T06:00:00Z'), reason: 'quiet_hours' },
  ],
  ['a cap of none', { caps: { ...fine.caps, perNumberPer24h: 0 } }, { kind: 'refuse', reason: 'no_opening' }],
  [
    'hours that leave nothing',
    { quietHours: { from: '08:00', to: '21:00' } },
    { kind: 'refuse', reason: 'no_opening' },
  ],
  ['a time that is none', { notBefore: new Date(Number.NaN) }, { kind: 'refuse', reason: 'no_opening' }],
  ['a clock that is none', { now: new Date(Number.NaN) }, { kind: 'refuse', reason: 'no_opening' }],
])('%s', (_what, facts, verdict) => {
  expect(mayDial({ ...fine, ...facts })).toEqual(verdict)
})

test('without zones there is no verdict', () => {
  expect(() => mayDial({ ...fine, zones: [] })).toThrow(RangeError)
})

const ZONES = ['Europe/Istanbul', 'Europe/Paris', 'America/New_York', 'America/Los_Angeles', 'Australia/Lord_Howe']
const CHANGES = ['2026-03-08', '2026-03-29', '2026-10-04', '2026-10-25', '2026-11-01', '2026-06-10']
const time = fc
  .tuple(fc.nat(23), fc.constantFrom(0, 30, 59))
  .map(([h, m]) => `${`${h}`.padStart(2, '0')}:${`${m}`.padStart(2, '0')}`)

const anyFacts: fc.Arbitrary<DialFacts> = fc
  .record({
    day: fc.constantFrom(...CHANGES),
    minute: fc.integer({ min: 0, max: 1_439 }),
    notBeforeIn: fc.option(fc.integer({ min: -600, max: 3_000 }), { nil: null, freq: 1 }),
    attemptsAgo: fc.array(fc.integer({ min: 0, max: 40 * 24 * 60 }), { maxLength: 3 }),
    zones: fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 2 }),
    country: fc.constantFrom('TR', 'FR', 'US', 'AU', null),
    quietHours: fc.option(fc.record({ from: time, to: time }), { nil: null, freq: 1 }),
    caps: fc.record({
      perNumberPer24h: fc.integer({ min: 1, max: 3 }),
      perNumberPer30d: fc.integer({ min: 1, max: 5 }),
      minGapSeconds: fc.constantFrom(0, 60, 7_200),
    }),
    attemptsOfWorkspaceToday: fc.nat(3),
    workspacePerDay: fc.constantFrom(null, null, 3),
  })
  .map(({ day, minute, notBeforeIn, attemptsAgo, ...rest }) => {
    const at = Date.parse(`${day}T00:00:00Z`) + minute * MINUTE
    return {
      ...fine,
      ...rest,
      now: new Date(at),
      notBefore: notBeforeIn === null ? null : new Date(at + notBeforeIn * MINUTE),
      attemptsToNumber: attemptsAgo.map((minutes) => new Date(at - minutes * MINUTE)),
      ringMarginSeconds: 60,
    }
  })

/** The rules one by one, at one instant. */
function isAllowed(facts: DialFacts, at: number): boolean {
  const within = (ms: number) => facts.attemptsToNumber.filter((attempt) => attempt.getTime() > at - ms).length
  const sameDay = new Date(at).toISOString().slice(0, 10) === facts.now.toISOString().slice(0, 10)
  if (facts.notBefore && at < facts.notBefore.getTime()) return false
  if (within(24 * HOUR) >= facts.caps.perNumberPer24h || within(30 * 24 * HOUR) >= facts.caps.perNumberPer30d)
    return false
  if (within(facts.caps.minGapSeconds * 1_000) > 0) return false
  if (sameDay && facts.workspacePerDay !== null && facts.attemptsOfWorkspaceToday >= facts.workspacePerDay) return false
  return facts.zones.every((zone) => isOpenAt(at, zone, facts) && isOpenAt(at + MINUTE - 1, zone, facts))
}

test('the verdict agrees with the rules asked minute by minute', () => {
  const seen = { allow: 0, hold: 0, refuse: 0 }
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const verdict = mayDial(facts)
      seen[verdict.kind]++
      const start = facts.now.getTime()
      if (verdict.kind === 'allow') {
        expect(isAllowed(facts, start)).toBe(true)
        return
      }
      if (verdict.kind === 'hold') {
        const until = verdict.until.getTime()
        expect(until).toBeGreaterThan(start)
        expect(isAllowed(facts, until)).toBe(true)
        // Reached, the hold is over, once the workspace has a new day.
        const later = { ...facts, now: verdict.until, attemptsOfWorkspaceToday: 0 }
        expect(mayDial(later)).toEqual({ kind: 'allow' })
      }
      const end = verdict.kind === 'hold' ? verdict.until.getTime() : start + 2 * 24 * HOUR
      for (let at = start; at < Math.min(end, start + 4 * 24 * HOUR); at += MINUTE) {
        if (isAllowed(facts, at))
          throw new Error(`${new Date(at).toISOString()} was allowed before ${JSON.stringify(verdict)}`)
      }
    }),
    { numRuns: 200 },
  )
  expect(Math.min(seen.allow, seen.hold)).toBeGreaterThan(5)
})
