import { describe, expect } from 'vitest'
import type { Served } from '../../cli/serve.ts'
import { type EventName, events } from '../../openapi/events.ts'
import type { Call } from '../../openapi/schemas/call.ts'
import type { Hook, Inbox } from '../harness/inbox.ts'
import { people, test } from '../harness/talkif.ts'

const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
const slots = ['need', 'timing', 'budget', 'location']

type Character = keyof typeof people
interface Story {
  outcome: Call['outcome']
  /** As the call has it. */
  reason: string | null
  /** The sentence behind it. */
  detail?: RegExp
  /** Results of the attempts, in order. */
  attempts: string[]
  answers?: string[]
  /** The reason of the misses before the last, where it is another. */
  missed?: string
}

/** What the contract says of each person, told with the page's flow: three tries, four slots, a calendar. */
const stories: Record<Character, Story> = {
  books: { outcome: 'booked', reason: null, attempts: ['answered'], answers: slots },
  qualifies: { outcome: 'qualified', reason: null, attempts: ['answered'], answers: slots },
  busy: { outcome: 'no_answer', reason: 'busy', attempts: ['busy', 'busy', 'busy'] },
  second_try: {
    outcome: 'booked',
    reason: null,
    attempts: ['no_answer', 'answered'],
    answers: slots,
    missed: 'no_answer',
  },
  voicemail: { outcome: 'no_answer', reason: 'voicemail', attempts: ['voicemail', 'voicemail', 'voicemail'] },
  not_a_fit: { outcome: 'not_fit', reason: 'not_interested', detail: /I am not interested/, attempts: ['answered'] },
  wrong_number: { outcome: 'wrong_number', reason: 'said_so', attempts: ['answered'] },
  stop_calling: { outcome: 'not_fit', reason: 'opted_out', attempts: ['answered'] },
  interrupts: { outcome: 'booked', reason: null, attempts: ['answered'], answers: slots },
  falls_silent: { outcome: 'no_answer', reason: 'silence', attempts: ['answered'] },
  asks_for_human: { outcome: 'booked', reason: null, attempts: ['answered'], answers: slots },
  hangs_up: { outcome: 'not_fit', reason: 'hung_up', attempts: ['answered'], answers: ['need'] },
  carrier_fails: { outcome: 'no_answer', reason: 'carrier_failed', attempts: ['failed', 'failed', 'failed'] },
  screened: { outcome: 'booked', reason: null, attempts: ['answered'], answers: slots },
  long_voicemail: { outcome: 'no_answer', reason: 'voicemail', attempts: ['voicemail', 'voicemail', 'voicemail'] },
}
/** They talk and wait for half a minute each time. */
const robots: Character[] = ['screened', 'voicemail', 'long_voicemail']

describe.concurrent('the whole way, for each person of the sandbox', () => {
  test('the one who books, of a flow whose slots have forms, whatever its questions', async ({ talkif }) => {
    await talkif.deploy(`id: typed
match: {source: by_id}
qualify:
  - guests: {question: "How many will you be?", type: number}
  - budget: {type: number}
  - room: {question: "Hangi oda?", options: [Twin room, Suite]}
  - parking: {question: "Will you need a place to park?", type: yes_no}
  - day: {question: "When does it begin?", type: date}
  - wish
on: {qualified: book(calendar.mehmet)}
`)
    await talkif.configure({ sandbox: { pace: 6, waits: 900 } })
    const { call_id } = await talkif.api.createLead({ ...lead, flow_id: 'typed', phone: people.books })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ outcome: 'booked' })
    expect(call.answers).toEqual({
      ...{ guests: '30', budget: '12000', room: 'Twin room', parking: 'yes', day: '2030-07-01' },
      wish: expect.any(String),
    })
  })

  test.for(Object.keys(stories) as Character[])('%s', async (character, { served, talkif }) => {
    await talkif.configure({ sandbox: { pace: robots.includes(character) ? 16 : 6, waits: 900 } })
    const story = stories[character]
    const { call_id, status } = await talkif.api.createLead({ ...lead, phone: people[character] })
    expect(status).toBe('queued')
    const call = await talkif.finished(call_id)

    expect(call).toMatchObject({ status: 'completed', outcome: story.outcome, qualified: isQualified(story) })
    expect(call.reason).toBe(story.reason)
    if (story.detail) expect(call.detail).toMatch(story.detail)
    else expect(call.detail).toBeNull()
    expect(call.attempts.map(({ attempt, result }) => [attempt, result])).toEqual(
      story.attempts.map((result, index) => [index + 1, result]),
    )
    expect(Object.keys(call.answers)).toEqual(story.answers ?? [])
    checkBooking(call, story)
    checkEvents(call, story, talkif.inbox)
    checkTrace(call, story)
    await checkArtifacts(call, story)
    expect(rungFor(served, call)).toEqual(call.attempts.filter(rings).map((it) => it.provider_call_sid))
    expect(served.sandbox?.violations).toEqual([])
  })
})

const isQualified = ({ outcome }: Story) => outcome === 'booked' || outcome === 'qualified'

/** A busy line and a failing carrier never let a phone ring. */
const rings = ({ result }: { result: string | null }) => result !== 'busy' && result !== 'failed'

const rungFor = ({ sandbox }: Served, call: Call) =>
  sandbox?.rang
    .map(({ callSid }) => callSid)
    .filter((sid) => call.attempts.some((attempt) => attempt.provider_call_sid === sid))

/** Somebody or something picked up. */
const wasAnswered = (result: string | null) => result === 'answered' || result === 'voicemail'

function checkBooking(call: Call, { outcome }: Story): void {
  if (outcome !== 'booked') {
    expect(call.booking).toBeNull()
    return
  }
  const notes = Object.entries(call.answers).map(([slot, answer]) => `${slot}: ${answer}`)
  expect(call.booking).toMatchObject({ owner: 'mehmet@helena.example', notes: notes.join(', ') })
  expect(Date.parse(call.booking!.slot)).toBeGreaterThan(Date.parse(call.created_at))
}

/** Each event once, in the order in which things happened, and each in its documented form. */
function checkEvents(call: Call, story: Story, inbox: Inbox): void {
  const hooks = inbox.hooks.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  const last = story.attempts.length - 1
  const expected = story.attempts.flatMap((result, index) => [
    'call.started',
    ...(wasAnswered(result) ? ['call.answered'] : []),
    index < last ? 'outcome.no_answer' : `outcome.${story.outcome}`,
  ])
  expect(hooks.map(({ body }) => body.event)).toEqual(['lead.created', ...expected])
  expect(new Set(hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(hooks.length)
  for (const { body, headers } of hooks) {
    expect(headers['webhook-id']).toBe(body.id)
    expect(body).toMatchObject({ call_id: call.id, lead_id: call.lead_id, flow_id: 'flow_pricing_v3', test: true })
    events[body.event as EventName].payload.parse(body)
  }
  const started = inboxOf(hooks, 'call.started').map(({ attempt, provider_call_sid }) => [attempt, provider_call_sid])
  expect(started).toEqual(call.attempts.map(({ attempt, provider_call_sid }) => [attempt, provider_call_sid]))
  // One for each missed attempt, with what comes next; null says that nothing does.
  const misses = inboxOf(hooks, 'outcome.no_answer')
  const isLast = (index: number) => story.outcome === 'no_answer' && index === misses.length - 1
  misses.forEach((body, index) => {
    const next = { attempt: index + 2, max: 3, at: expect.any(String) }
    expect(body).toMatchObject({ reason: story.missed ?? story.reason, retry: isLast(index) ? null : next })
  })
  const end = hooks.at(-1)!.body
  const { outcome, qualified, answers, metrics, reason } = call
  expect(end).toMatchObject({ outcome, qualified, answers, metrics, reason })
  if (outcome === 'booked') expect(end.booking).toEqual(call.booking)
  if (outcome === 'not_fit') expect(end.detail).toBe(call.detail)
}

const key = ({ body }: Hook) => `${body.created_at} ${body.id}`
const inboxOf = (hooks: Hook[], event: EventName) =>
  hooks.map(({ body }) => body).filter((body) => body.event === event)

function checkTrace(call: Call, { attempts }: Story): void {
  const names = call.trace!.milestones.map(({ name }) => name)
  const dials = attempts.flatMap((result) => ['dial.start', ...(wasAnswered(result) ? ['call.answered'] : [])])
  const decided = attempts.at(-1) === 'answered' ? ['qualify.done'] : []
  const told = names.filter((name) => name !== 'webhook.out')
  expect(told).toEqual(['lead.received', 'flow.match', 'queue.enqueue', ...dials, ...decided, 'outcome.write'])
  // Told once, when the final outcome left, whatever was announced before.
  expect(names.length - told.length).toBe(1)
  expect(names.at(-1)).toBe('webhook.out')
  const { first_dial_ms, answered_at_ms, outcome_at_ms } = call.metrics
  expect(first_dial_ms).toBeGreaterThanOrEqual(0)
  if (attempts.some(wasAnswered)) expect(answered_at_ms).toBeGreaterThanOrEqual(first_dial_ms!)
  else expect(answered_at_ms).toBeNull()
  expect(outcome_at_ms).toBeGreaterThanOrEqual(answered_at_ms ?? first_dial_ms!)
}

/** What was said, and its recording, behind links that open; none where nobody picked up. */
async function checkArtifacts(call: Call, { attempts }: Story): Promise<void> {
  const { transcript_url, recording_url } = call.artifacts
  if (!attempts.some(wasAnswered)) {
    expect({ transcript_url, recording_url }).toEqual({ transcript_url: null, recording_url: null })
    expect(call.transcript).toEqual([])
    return
  }
  const greeting = call.transcript?.find(({ role }) => role === 'agent')
  expect(greeting?.text).toMatch(/^Hi/)
  // Whoever let it end heard for whom, that it is an AI, and that it is recorded.
  const disclosure = /on behalf of Helena Education — I'm an AI assistant, and this call is recorded/
  if (!greeting?.interrupted && !attempts.includes('voicemail')) expect(greeting?.text).toMatch(disclosure)
  expect(call.transcript?.some(({ role }) => role === 'lead')).toBe(true)
  const transcript = await fetch(transcript_url!)
  expect(await transcript.json()).toEqual({ call_id: call.id, turns: call.transcript })
  const recording = await fetch(recording_url!)
  const wav = Buffer.from(await recording.arrayBuffer())
  expect(recording.headers.get('content-type')).toBe('audio/wav')
  expect(wav.subarray(0, 4).toString()).toBe('RIFF')
  // Two channels of 8,000 bytes a second: more than a second of it.
  expect(wav.length).toBeGreaterThan(16_000)
}
