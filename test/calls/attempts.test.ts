import { describe, expect } from 'vitest'
import type { Call } from '../../openapi/schemas/call.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { bookings, calls } from '../../runtime/db/schema.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'

const bytesOf = async (link: string) => {
  const answer = await fetch(link)
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

const lead = { source: 'web_form', intent: 'pricing', consent: true } as const

describe.concurrent('what one attempt found is nothing of the next', () => {
  /** A machine answers first; whoever is at `then` answers the second time. */
  async function machineThen(talkif: Workspace, then: string): Promise<{ call: Call; row: typeof calls.$inferSelect }> {
    const { db } = talkif.served.runtime
    // Two seconds to the retry: time enough to move the person to another phone.
    await talkif.configure({ sandbox: { pace: 30, waits: 450 } })
    const { call_id } = await talkif.api.createLead({ ...lead, phone: people.voicemail })
    const missed = await talkif.inbox.next('outcome.no_answer', call_id)
    expect(missed.body).toMatchObject({ reason: 'voicemail', qualified: false, retry: { attempt: 2 } })
    expect(missed.body.metrics.answered_at_ms).toEqual(expect.any(Number))
    await db.update(calls).set({ phone: then }).where(eq(calls.id, call_id))
    const call = await talkif.finished(call_id)
    const [row] = await db.select().from(calls).where(eq(calls.id, call_id))
    expect(call.attempts[0]).toMatchObject({ attempt: 1, result: 'voicemail' })
    return { call, row: row! }
  }

  test('a machine, then a person who books', async ({ talkif }) => {
    const { call, row } = await machineThen(talkif, people.books)
    expect(call).toMatchObject({ outcome: 'booked', reason: null, qualified: true })
    expect(call.attempts).toMatchObject([{ result: 'voicemail' }, { attempt: 2, result: 'answered' }])
    expect(Object.keys(call.answers)).toEqual(['need', 'timing', 'budget', 'location'])
    expect(row.findings).not.toHaveProperty('voicemail')
    // Of the attempt that decided.
    const answered = Date.parse(call.attempts[1]!.answered_at!) - Date.parse(call.created_at)
    expect(call.metrics.answered_at_ms).toBe(answered)
    expect(talkif.inbox.of('outcome.booked')[0]?.body.metrics).toEqual(call.metrics)
    expect(talkif.inbox.of('outcome.no_answer')).toHaveLength(1)
    // Two conversations, each on its own time.
    const { transcript } = await talkif.api.getCall({ id: call.id, include: ['transcript'] })
    const began = [1, 2].map((attempt) => transcript!.find((turn) => turn.attempt === attempt)!.at_ms)
    for (const at of began) expect(at).toBeLessThan(20_000)
    const links = call.attempts.map(({ recording_url }) => recording_url!)
    const heard = await Promise.all([...links, call.artifacts.recording_url!].map(async (link) => bytesOf(link)))
    expect(heard[0]!.equals(heard[1]!)).toBe(false)
    expect(heard[1]!.equals(heard[2]!)).toBe(true)
  })

  test('a machine, then a person who hangs up midway', async ({ talkif }) => {
    const { call } = await machineThen(talkif, people.hangs_up)
    expect(call).toMatchObject({ outcome: 'not_fit', reason: 'hung_up', detail: null })
    expect(call.attempts.map(({ result }) => result)).toEqual(['voicemail', 'answered'])
  })

  test('a machine, then nobody, and nobody again', async ({ talkif }) => {
    const { call, row } = await machineThen(talkif, people.busy)
    expect(call).toMatchObject({ outcome: 'no_answer', reason: 'busy', metrics: { answered_at_ms: null } })
    expect(call.attempts.map(({ result }) => result)).toEqual(['voicemail', 'busy', 'busy'])
    expect(row.answeredAt).toBeNull()
  })
})

test.concurrent('who answers on the second try does so for each lead, though several ring at once', async ({
  served,
  talkif,
}) => {
  await talkif.configure({ sandbox: { pace: 30, waits: 900 } })
  const leads = Array.from({ length: 3 }, () => talkif.api.createLead({ ...lead, phone: people.second_try }))
  const all = await Promise.all((await Promise.all(leads)).map(({ call_id }) => talkif.finished(call_id)))
  for (const call of all) expect(call.attempts.map(({ result }) => result)).toEqual(['no_answer', 'answered'])
  expect(served.sandbox?.violations).toEqual([])
})

test.concurrent('eight conversations at once book eight slots', async ({ served, talkif }) => {
  await talkif.configure({ sandbox: { pace: 3, waits: 60 } })
  const ids = await Promise.all(
    Array.from({ length: 8 }, async () => (await talkif.api.createLead({ ...lead, phone: people.books })).call_id),
  )
  await talkif.idle()
  const all = await Promise.all(ids.map((id) => talkif.api.getCall({ id })))
  expect(all.map(({ outcome }) => outcome)).toEqual(Array(8).fill('booked'))
  // Each another one, and each in the calendar once, under its own call.
  expect(new Set(all.map(({ booking }) => booking?.slot)).size).toBe(8)
  const { db } = served.runtime
  const taken = await db.select().from(bookings).where(eq(bookings.workspaceId, talkif.workspaceId))
  const confirmed = taken.filter(({ status }) => status === 'confirmed')
  const written = confirmed.map(({ callId, slotAt }) => `${callId} ${slotAt.toISOString()}`)
  expect(written.toSorted()).toEqual(all.map(({ id, booking }) => `${id} ${booking?.slot}`).toSorted())
  expect(taken.filter(({ status }) => status === 'held')).toEqual([])
  for (const { answers, attempts } of all) {
    expect(Object.keys(answers)).toHaveLength(4)
    expect(attempts).toHaveLength(1)
  }
  expect(served.sandbox?.violations).toEqual([])
})
