import { eq } from 'drizzle-orm'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import { localCalendar } from '../bookings/local.ts'
import type { Booking, Calendar, Slot } from '../bookings/port.ts'
import { spokenSlot } from '../bookings/spoken.ts'
import type { Tx } from '../db/connect.ts'
import { calls, type Findings, type leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import type { ToolResult } from '../voice/port.ts'
import type { CallRow } from './advance.ts'
import { isCurrent, lockAttempt } from './attempt.ts'
import { toCallTime } from './call-time.ts'
import { isQualified } from './decide.ts'
import { notesOf } from './notes.ts'
import { optOut } from './opt-out.ts'
import { traceQualified } from './qualify.ts'

const DAY_MS = 86_400_000
const DAYS_AHEAD = 60
const OFFERED = 3
/** As long as it takes to talk about a time that was offered. */
const HOLD_SECONDS = 120
/** How many free times are tried for them, while other calls take theirs. */
const LOOKED_AT = 100

export interface ToolContext {
  deps: Deps
  attemptId: string
  /** Of the attempt; the conversation's spans hang below it. */
  spanId: string
  /** 1 for the first dial. */
  attempt: number
  call: CallRow
  lead: typeof leads.$inferSelect
  flow: Flow
  settings: Settings
  language: string
}

type Args = Record<string, unknown>

/**
 * What the model's tools do in one conversation. Each effect is written at once, so that a crash keeps it, and only while the
 * attempt is the one the call is living through.
 */
export function conversationTools(context: ToolContext): (name: string, args: Args) => Promise<ToolResult> {
  const offered = new Map<string, Offer>()
  const tools: Record<string, (args: Args) => Promise<ToolResult>> = {
    save_answer: (args) => saveAnswer(context, args),
    check_slots: () => checkSlots(context, offered),
    book_slot: (args) => bookSlot(context, offered, args),
    async transfer_to_human(args) {
      const queue = context.flow.on.qualified.find((action) => action.type === 'handoff')?.queue ?? null
      await find(context, { handoff: { queue, reason: words(args.reason) } })
      return { output: { transferred: false, callback: true, say: 'A colleague will call back.' }, next: 'say_goodbye' }
    },
    async not_a_fit(args) {
      const reason = args.reason === 'out_of_scope' ? 'out_of_scope' : 'not_interested'
      await find(context, { notFit: { reason, detail: words(args.detail) || null } })
      return { output: { noted: true }, next: 'say_goodbye' }
    },
    async wrong_number() {
      await find(context, { wrongNumber: true })
      return { output: { noted: true, say: 'Apologise for the mistake.' }, next: 'say_goodbye' }
    },
    stop_calling: () => stopCalling(context, 'call'),
    async voicemail() {
      await find(context, { voicemail: true })
      return { output: { noted: true }, next: 'hang_up' }
    },
    async end_call() {
      await find(context, { finished: true })
      return { output: { ending: true }, next: 'say_goodbye' }
    },
  }
  return async (name, args) => {
    const tool = tools[name]
    return tool ? tool(args) : { output: { error: `There is no tool ${name}.` } }
  }
}

/** The person will not be called again, from this instant. */
export async function stopCalling(context: ToolContext, source: 'call' | 'keypress'): Promise<ToolResult> {
  const { workspaceId, mode, phone } = context.call
  await find(context, { optedOut: true }, (tx) => optOut(tx, context.deps, { workspaceId, mode, phone, source }))
  return { output: { noted: true, say: 'They will not be called again.' }, next: 'say_goodbye' }
}

const words = (value: unknown): string => (typeof value === 'string' ? value.trim().slice(0, 200) : '')

async function find(context: ToolContext, findings: Findings, also?: (tx: Tx) => Promise<void>): Promise<void> {
  await write(context, (call) => ({ findings: { ...call.findings, ...findings } }), also)
}

async function write(
  { deps, attemptId }: ToolContext,
  change: (call: CallRow) => Partial<typeof calls.$inferInsert>,
  also?: (tx: Tx) => Promise<void>,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const found = await lockAttempt(tx, attemptId)
    if (found && isCurrent(found)) await tx.update(calls).set(change(found.call)).where(eq(calls.id, found.call.id))
    // True of the person, also when the call was decided before their last words were understood.
    await also?.(tx)
  })
}

async function saveAnswer(context: ToolContext, args: Args): Promise<ToolResult> {
  const slot = context.flow.qualify.find((it) => it.name === args.slot)
  const value = words(args.value)
  if (!slot) return { output: { error: `There is no slot ${words(args.slot)}.` } }
  if (!value) return { output: { error: 'The answer is empty: ask again.' } }
  await write(context, (call) => {
    const answers = { ...call.answers, [slot.name]: value }
    const qualified = isQualified({ answers, slots: context.flow.qualify, findings: call.findings })
    if (qualified && !call.findings.qualified) traceQualified(context.deps, { ...call, answers }, context.flow, true)
    return { answers, findings: { ...call.findings, qualified } }
  })
  return { output: { saved: true } }
}

function calendarOf({ deps, call, flow, settings }: ToolContext): Calendar | undefined {
  const action = flow.on.qualified.find((it) => it.type === 'book')
  const found = settings.calendars.find((calendar) => calendar.name === action?.calendar)
  const { workspaceId, mode } = call
  return found && localCalendar({ db: deps.db, clock: deps.clock, workspaceId, mode, settings: found })
}

const noCalendar = { output: { error: 'Booking is not possible now: offer that a colleague calls back.' } }

/** A time that was offered in this call, and is held for it while it is talked about. */
interface Offer {
  slot: Slot
  held: Booking
}

async function checkSlots(context: ToolContext, offered: Map<string, Offer>): Promise<ToolResult> {
  const calendar = calendarOf(context)
  if (!calendar) return noCalendar
  const offers = await holdSome(context, calendar)
  for (const offer of offers) offered.set(offer.slot.id, offer)
  const zone = context.lead.zones[0]!
  const slots = offers.map(({ slot }) => ({
    slot_id: slot.id,
    spoken: spokenSlot(slot.startsAt, zone, context.language),
  }))
  return { output: slots.length ? { slots } : { slots, say: 'There is no free time: offer a call back.' } }
}

/** The next free times, held for this call one after the other: what another call is quicker to take is passed over. */
async function holdSome({ deps, call, lead }: ToolContext, calendar: Calendar): Promise<Offer[]> {
  const from = toCallTime(call, new Date(deps.clock.now()))
  const until = new Date(from.getTime() + DAYS_AHEAD * DAY_MS)
  const offers: Offer[] = []
  for (const slot of await calendar.freeSlots({ from, until, limit: LOOKED_AT, leadZone: lead.zones[0]! })) {
    const held = await calendar.hold(slot, call.id, HOLD_SECONDS)
    if (held) offers.push({ slot, held })
    if (offers.length === OFFERED) break
  }
  return offers
}

async function bookSlot(context: ToolContext, offered: Map<string, Offer>, args: Args): Promise<ToolResult> {
  const calendar = calendarOf(context)
  if (!calendar) return noCalendar
  // Only what check_slots offered in this call: a date cannot be made up.
  const slot = offered.get(words(args.slot_id))?.slot
  if (!slot) return { output: { error: 'This slot_id was not offered in this call: use check_slots first.' } }
  const held = await calendar.hold(slot, context.call.id, HOLD_SECONDS)
  if (!held || !(await calendar.confirm(held.id))) {
    return { output: { error: 'Somebody else has just taken this time: use check_slots and offer another.' } }
  }
  offered.set(slot.id, { slot, held })
  await write(context, (call) => ({
    booking: {
      slot: held.startsAt.toISOString(),
      owner: held.owner,
      notes: notesOf(call.answers),
    },
  }))
  // What was only offered, and what was booked before the person chose again.
  const others = [...offered.values()].filter((it) => it.held.id !== held.id)
  await Promise.all(others.map((it) => calendar.release(it.held.id)))
  return { output: { booked: true, spoken: spokenSlot(slot.startsAt, context.lead.zones[0]!, context.language) } }
}
