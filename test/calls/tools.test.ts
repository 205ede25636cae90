import { Temporal } from 'temporal-polyfill'
import { expect } from 'vitest'
import { prepareConversation } from '../../runtime/calls/conversation.ts'
import { conversationTools } from '../../runtime/calls/conversation-tools.ts'
import { openTransfer } from '../../runtime/calls/transfer/transfer.ts'
import { and, eq } from '../../runtime/db/drizzle.ts'
import { attempts, bookings, calls, optOuts } from '../../runtime/db/schema.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** The tools of a call whose phone rings for half a minute, and what they wrote. */
async function ringing(talkif: Workspace, more: { flow_id?: string } = {}) {
  const { runtime } = talkif.served
  const { db } = runtime
  await talkif.configure({ sandbox: { pace: 1, waits: 1 } })
  const lead = { source: 'web_form', intent: 'pricing', consent: true } as const
  const { call_id } = await talkif.api.createLead({ ...lead, ...more, phone: people.second_try })
  const attempt = await until(async () => {
    const [row] = await db.select().from(attempts).where(eq(attempts.callId, call_id))
    return row?.carrierId && row
  })
  const prepared = await prepareConversation(runtime, attempt.id)
  const transfer = openTransfer(prepared!.context, attempt.carrierId!, () => {})
  const run = conversationTools(prepared!.context, transfer)
  return {
    run,
    conversation: prepared!.conversation,
    save: (slot: string, value: unknown) => run('save_answer', { slot, value }),
    /** Answers all that the page's flow asks. */
    async qualify() {
      for (const slot of ['need', 'timing', 'budget', 'location']) await run('save_answer', { slot, value: 'said' })
    },
    async offered() {
      const { slots } = (await run('check_slots', {})).output as { slots: { slot_id: string }[] }
      return slots.map(({ slot_id }) => slot_id)
    },
    row: async () => (await db.select().from(calls).where(eq(calls.id, call_id)))[0]!,
    /** When its bookings of a kind begin, in order. */
    async begins(status: 'held' | 'confirmed') {
      const mine = and(eq(bookings.callId, call_id), eq(bookings.status, status))
      const rows = await db.select().from(bookings).where(mine).orderBy(bookings.slotAt)
      return rows.map(({ slotAt }) => slotAt.toISOString())
    },
  }
}

test('times that are offered in one call are offered in no other, until one of them is booked', async ({ talkif }) => {
  const [one, other] = await Promise.all([ringing(talkif), ringing(talkif)])
  await Promise.all([one.qualify(), other.qualify()])
  const offers = await Promise.all([one.offered(), other.offered()])
  expect(offers.map((ids) => ids.length)).toEqual([3, 3])
  expect(new Set(offers.flat()).size).toBe(6)
  // Somebody who wants another time hears of others.
  const later = await one.offered()
  expect(new Set([...offers.flat(), ...later]).size).toBe(9)
  expect(await one.begins('held')).toHaveLength(6)

  expect((await one.run('book_slot', { slot_id: offers[0]![1] })).output).toMatchObject({ booked: true })
  const first = await one.begins('confirmed')
  expect(first).toHaveLength(1)
  expect(await one.begins('held')).toEqual([])
  // What it let go of is free for the other; what the other holds is not for this one.
  expect(await other.offered()).toContain(offers[0]![0])
  expect((await one.run('book_slot', { slot_id: offers[1]![0] })).output).toHaveProperty('error')

  // Who chooses again has one appointment still.
  expect((await one.run('book_slot', { slot_id: later[2] })).output).toMatchObject({ booked: true })
  const second = await one.begins('confirmed')
  expect(second).toHaveLength(1)
  expect(second).not.toEqual(first)
  expect((await one.row()).booking).toMatchObject({ slot: second[0] })
  expect((await one.run('book_slot', { slot_id: offers[0]![1] })).output).toMatchObject({ booked: true })
  expect(await one.begins('confirmed')).toEqual(first)
})

test('who asks again when little is left hears first of what is new, then of what is held for them', async ({
  talkif,
}) => {
  const calendar = { name: 'mehmet', owner: 'mehmet@helena.example', time_zone: 'Europe/Istanbul' }
  // Four half hours of this afternoon, and no other day.
  const working_hours = { from: '14:00', to: '16:00', days: [1, 2, 3, 4, 5] }
  await talkif.configure({ calendars: [{ ...calendar, days_ahead: 1, working_hours }] })
  const one = await ringing(talkif)
  await one.qualify()
  const [first, second, third, ...none] = await one.offered()
  expect(none).toEqual([])
  const again = await one.offered()
  expect(again).toEqual([expect.any(String), first, second])
  expect([first, second, third]).not.toContain(again[0])
  expect(await one.offered()).toEqual([first, second, third])
  expect(await one.begins('held')).toHaveLength(4)
  const other = await ringing(talkif)
  await other.qualify()
  expect(await other.offered()).toEqual([])
})

test('nobody books before the flow has its answers, nor whom an answer rules out', async ({ talkif }) => {
  await talkif.deploy(`id: school
match: {source: by_id}
qualify:
  - need
  - age: {question: "How old are you?", type: number, disqualify_if: "< 18"}
  - pet: {required: false}
on: {qualified: book(calendar.mehmet)}
`)
  const { run, save, offered, begins, row } = await ringing(talkif, { flow_id: 'school' })
  const missing = (slots: string) => ({ error: expect.stringContaining(`no answer: ${slots}. Ask,`) })
  expect((await run('check_slots', {})).output).toEqual(missing('need, age'))
  await save('need', 'a master')
  expect((await run('check_slots', {})).output).toEqual(missing('age'))
  expect((await run('book_slot', { slot_id: 'slot_mehmet_x' })).output).toEqual(missing('age'))
  expect(await begins('held')).toEqual([])

  await save('age', 19)
  const [slot_id] = await offered()
  // The person corrects themselves between the offer and the booking.
  await save('age', 17)
  expect((await run('book_slot', { slot_id })).output).toEqual({ error: expect.stringContaining('does not fit') })
  expect((await run('check_slots', {})).output).toEqual({ error: expect.stringContaining('does not fit') })
  expect(await begins('confirmed')).toEqual([])
  await save('age', 18)
  expect((await run('book_slot', { slot_id })).output).toMatchObject({ booked: true })
  expect((await row()).booking).toMatchObject({ notes: expect.stringContaining('18') })
})

test('a day, or a part of it, is offered when it is asked for; other times when it is taken', async ({ talkif }) => {
  const time_zone = 'America/New_York'
  const working_hours = { from: '09:00', to: '20:00', days: [1, 2, 3, 4, 5, 6, 7] }
  await talkif.configure({ calendars: [{ name: 'mehmet', owner: 'mehmet', time_zone, working_hours }] })
  const { run, qualify, begins } = await ringing(talkif)
  await qualify()
  const check = async (args: object) => (await run('check_slots', args as Record<string, unknown>)).output
  const held = new Set<string>()
  /** On the clocks of the lead, who is in Washington: when what was just offered begins. */
  const offeredNow = async () => {
    const fresh = (await begins('held')).filter((at) => !held.has(at))
    for (const at of fresh) held.add(at)
    return fresh.map((at) => Temporal.Instant.from(at).toZonedDateTimeISO(time_zone).toPlainDateTime())
  }
  const three = Array(3).fill({ slot_id: expect.any(String), spoken: expect.any(String) })
  expect(await check({ part_of_day: 'afternoon' })).toEqual({ slots: three })
  const afternoon = await offeredNow()
  for (const { hour } of afternoon) expect([12, 13]).toContain(hour)

  const day = afternoon[0]!.toPlainDate().add({ days: 7 }).toString()
  expect(await check({ day, part_of_day: null })).toEqual({ slots: three })
  expect((await offeredNow()).map(String)).toEqual([`${day}T09:00:00`, `${day}T09:30:00`, `${day}T10:00:00`])
  expect(await check({ day, part_of_day: 'evening' })).toEqual({ slots: three })
  expect((await offeredNow()).map(String)).toEqual([`${day}T18:00:00`, `${day}T18:30:00`, `${day}T19:00:00`])

  const far = { slots: three, say: 'Nothing is free then: say so, and offer these.' }
  expect(await check({ day: '2020-02-03' })).toEqual(far)
  expect(await check({ day: '2020-02-03', part_of_day: 'morning' })).toEqual(far)
  expect(await check({ day: '2026-02-30' })).toEqual({ error: 'day must be a date, as YYYY-MM-DD.' })
  expect(await check({ day: 'Thursday' })).toEqual({ error: 'day must be a date, as YYYY-MM-DD.' })
  const parts = 'part_of_day must be one of: morning | afternoon | evening.'
  expect(await check({ part_of_day: 'noon' })).toEqual({ error: parts })
})

test('why somebody is not a fit is one of two words, and a sentence', async ({ talkif }) => {
  const { run, row } = await ringing(talkif)
  const told = async (args: object) => {
    await run('not_a_fit', args as Record<string, unknown>)
    return (await row()).findings.notFit
  }
  const detail = 'wants a school for her daughter'
  expect(await told({ reason: 'out_of_scope', detail })).toEqual({ reason: 'out_of_scope', detail })
  expect(await told({ reason: 'not_interested', detail: '' })).toEqual({ reason: 'not_interested', detail: null })
  // Models forget what they were told.
  expect(await told({ reason: 'too expensive' })).toEqual({ reason: 'not_interested', detail: null })
})

test('"stop calling me" counts, also when the attempt is over by the time it is understood', async ({ talkif }) => {
  const { run, row } = await ringing(talkif)
  const { db } = talkif.served.runtime
  const { id, phone } = await row()
  await db.update(attempts).set({ endedAt: new Date() }).where(eq(attempts.callId, id))
  await run('stop_calling', {})
  const here = and(eq(optOuts.workspaceId, talkif.workspaceId), eq(optOuts.phone, phone))
  expect(await db.select().from(optOuts).where(here)).toHaveLength(1)
  // What is said of the call itself comes too late.
  expect((await row()).findings).toEqual({})
})

test('answers have the form of their slots, what is optional may be missing, and what rules out may be corrected', async ({
  talkif,
}) => {
  await talkif.configure({ voices: [{ name: 'calm', voice: 'sage', speed: 0.9, manner: 'Slowly.' }] })
  await talkif.deploy(`id: typed
match: {source: by_id}
call: {voice: calm}
qualify:
  - budget: {question: "What budget?", type: number, disqualify_if: "< 500"}
  - pet: {question: "Any pets?", type: yes_no, required: false}
`)
  const { save, row, conversation } = await ringing(talkif, { flow_id: 'typed' })
  expect(conversation).toMatchObject({
    voice: 'sage',
    speed: 0.9,
    manner: 'Slowly.',
    instructions: expect.stringContaining('Slowly.'),
  })
  expect((await save('budget', 'a lot')).output).toEqual({
    error: 'budget must be one number, in digits. Ask again.',
  })
  expect((await row()).answers).toEqual({})
  expect(await save('budget', '450 euro')).toMatchObject({ output: { disqualified: true }, next: 'take_leave' })
  expect((await row()).findings).toMatchObject({
    qualified: false,
    notFit: { reason: 'disqualified', detail: 'budget: 450' },
  })
  expect(await save('budget', '1.500 €')).toEqual({ output: { saved: true, value: '1500' } })
  expect((await row()).findings).toEqual({ qualified: true })
  await save('pet', 'Hayır.')
  expect((await row()).answers).toEqual({ budget: '1500', pet: 'no' })
})
