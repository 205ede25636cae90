import { openCalendar } from '../bookings/open.ts'
import { type Booking, type Calendar, CalendarUnavailable, type Slot } from '../bookings/port.ts'
import { sendUnbook } from '../bookings/settle.ts'
import { spokenSlot } from '../bookings/spoken.ts'
import { readWish, type WishedTime } from '../bookings/wished-time.ts'
import { eq } from '../db/drizzle.ts'
import { calls } from '../db/schema.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import type { ToolResult } from '../voice/port.ts'
import { appointmentOf } from './appointment.ts'
import { toCallTime } from './call-time.ts'
import { missingAnswers } from './decide.ts'
import { notesOf } from './notes.ts'
import { type ToolContext, words, write } from './tool-context.ts'

/** What the settings of a calendar may allow at most; how many days it looks ahead is its own. */
const DAYS_AHEAD = 90
const DAY_MS = 86_400_000
const OFFERED = 3
/** As long as it takes to talk about a time that was offered. */
const HOLD_SECONDS = 120
/** How many free times are tried for them, while other calls take theirs. */
const LOOKED_AT = 100

type Args = Record<string, unknown>

/** A time that was offered in this call, and is held for it while it is talked about. */
interface Offer {
  slot: Slot
  held: Booking
}

const wayOut = {
  output: { error: 'Booking is not possible now: say so, and offer that a colleague calls back to agree a time.' },
}

/** `check_slots` and `book_slot` of one conversation. A calendar that cannot be asked costs the booking, never the call. */
export function bookingTools(context: ToolContext) {
  const offered = new Map<string, Offer>()
  let opened: Promise<Calendar | undefined> | undefined
  const using = async (use: (calendar: Calendar) => Promise<ToolResult>): Promise<ToolResult> => {
    const refused = refusal(context)
    if (refused) return { output: { error: refused } }
    try {
      opened ??= calendarOf(context)
      const calendar = await opened
      return calendar ? await use(calendar) : wayOut
    } catch (error) {
      if (!(error instanceof CalendarUnavailable)) throw error
      opened = undefined
      traceFailure(context, error)
      return wayOut
    }
  }
  return {
    check_slots: (args: Args) => using((calendar) => checkSlots(context, calendar, offered, args)),
    book_slot: (args: Args) => using((calendar) => bookSlot(context, calendar, offered, args)),
  }
}

/** Booking is what the flow does with who qualified: why this person has not, for the model; undefined when they have. */
function refusal({ flow, known }: ToolContext): string | undefined {
  if (known.findings.notFit?.reason === 'disqualified') return 'What is offered does not fit them: nothing is booked.'
  const missing = missingAnswers({ slots: flow.qualify, answers: known.answers })
  if (missing.length === 0) return undefined
  return `Not yet: these slots have no answer: ${missing.join(', ')}. Ask, call save_answer for each, then try again.`
}

/** The calendar of the flow's `book(…)`; undefined where it has none. @throws CalendarUnavailable when it is gone. */
async function calendarOf({ deps, call, flow, settings }: ToolContext): Promise<Calendar | undefined> {
  const action = flow.on.qualified.find((it) => it.type === 'book')
  const found = settings.calendars.find((calendar) => calendar.name === action?.calendar)
  if (action && !found)
    throw new CalendarUnavailable(
      `the workspace has no calendar ${action.calendar} any more`,
      'Calls keep the version of the flow that they began with: leave a calendar in the workspace until those that wait are over.',
    )
  const { workspaceId, mode } = call
  return found && openCalendar(deps, { workspaceId, mode, settings: found })
}

/** Why there was no booking, and what its owner can do about it, is for who reads the trace. */
function traceFailure({ deps, call, spanId }: ToolContext, error: CalendarUnavailable): void {
  const at = deps.clock.now()
  const attributes = { error: error.message, advice: error.advice }
  const times = { startedAt: at, endedAt: at }
  deps.telemetry.span({ traceId: call.traceId, parentSpanId: spanId }, 'booking', {
    ...times,
    status: 'failed',
    attributes,
  })
  deps.log.warn({ call: call.id, ...attributes }, 'a calendar cannot be asked')
}

async function checkSlots(
  context: ToolContext,
  calendar: Calendar,
  offered: Map<string, Offer>,
  args: Args,
): Promise<ToolResult> {
  const wish = readWish(args, spokenZone(context.lead.zones))
  if (wish && 'again' in wish) return { output: { error: wish.again } }
  const wished = wish ? await holdSome(context, calendar, offered, wish) : []
  const offers = wished.length > 0 ? wished : await holdSome(context, calendar, offered)
  for (const offer of offers) offered.set(offer.slot.id, offer)
  const slots = offers.map(({ slot }) => ({ slot_id: slot.id, spoken: spoken(context, slot.startsAt) }))
  if (slots.length === 0) return { output: { slots, say: 'There is no free time: offer a call back.' } }
  if (wish && wished.length === 0) return { output: { slots, say: 'Nothing is free then: say so, and offer these.' } }
  return { output: { slots } }
}

/** As the person would say it, where they are. */
function spoken({ deps, call, lead, language }: ToolContext, startsAt: Date): string {
  const now = toCallTime(call, new Date(deps.clock.now()))
  return spokenSlot(startsAt, { zones: lead.zones, language, now })
}

/**
 * The next free times, held for this call one after the other: what another call is quicker to take is passed over. Who asks again
 * wants other times; those they have heard come after them.
 */
async function holdSome(
  { deps, call, lead }: ToolContext,
  calendar: Calendar,
  offered: ReadonlyMap<string, Offer>,
  wish?: WishedTime,
): Promise<Offer[]> {
  const from = toCallTime(call, new Date(deps.clock.now()))
  const until = wish?.until ?? new Date(from.getTime() + DAYS_AHEAD * DAY_MS)
  const leadZone = spokenZone(lead.zones)
  const query = { from, until, limit: LOOKED_AT, leadZone, callId: call.id, suits: wish?.suits }
  const free = await calendar.freeSlots(query)
  const isNew = (slot: Slot) => !offered.has(slot.id)
  const offers: Offer[] = []
  for (const slot of [...free.filter(isNew), ...free.filter((it) => !isNew(it))]) {
    const held = await calendar.hold(slot, call.id, HOLD_SECONDS)
    if (held) offers.push({ slot, held })
    if (offers.length === OFFERED) break
  }
  return offers
}

async function bookSlot(
  context: ToolContext,
  calendar: Calendar,
  offered: Map<string, Offer>,
  args: Args,
): Promise<ToolResult> {
  // Only what check_slots offered in this call: a date cannot be made up.
  const offer = offered.get(words(args.slot_id))
  if (!offer) return { output: { error: 'This slot_id was not offered in this call: use check_slots first.' } }
  // The appointment is noted with every answer that was given.
  await context.book.caughtUp()
  const held = await confirmed(context, calendar, offer)
  if (!held) return { output: { error: 'Somebody else has just taken this time: use check_slots and offer another.' } }
  const { slot } = offer
  offered.set(slot.id, { slot, held })
  const booking = { slot: held.startsAt.toISOString(), owner: held.owner }
  const written = await write(context, (call) => ({ booking: { ...booking, notes: notesOf(call.answers) } }))
  // What was only offered, and what was booked before the person chose again; all of it when the call is over.
  const others = [...offered.values()].filter((it) => !written || it.held.id !== held.id)
  await Promise.all(others.map((it) => giveBack(context, calendar, it.held.id)))
  if (!written) return { output: { error: 'The call is over.' } }
  return { output: { booked: true, spoken: spoken(context, slot.startsAt) } }
}

/** What was offered, agreed; held anew first, when it was given back or taken meanwhile. Null when somebody else has the time. */
async function confirmed(context: ToolContext, calendar: Calendar, { slot, held }: Offer): Promise<Booking | null> {
  const agreed = await appointment(context)
  if (await calendar.confirm(held.id, agreed)) return held
  const again = await calendar.hold(slot, context.call.id, HOLD_SECONDS)
  return again && (await calendar.confirm(again.id, agreed)) ? again : null
}

/** With the answers as they are by now. */
async function appointment(context: ToolContext) {
  const [call] = await context.deps.db.select().from(calls).where(eq(calls.id, context.call.id))
  return appointmentOf({ ...context, call: call! }, context.language)
}

/** The person has their time: that another cannot be given back now is for a job. */
async function giveBack({ deps }: ToolContext, calendar: Calendar, bookingId: string): Promise<void> {
  try {
    await calendar.release(bookingId)
  } catch (error) {
    if (!(error instanceof CalendarUnavailable)) throw error
    await deps.db.transaction((tx) => sendUnbook(tx, deps, bookingId))
  }
}
