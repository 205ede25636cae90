import { eq } from 'drizzle-orm'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import { localCalendar } from '../bookings/local.ts'
import type { Calendar, Slot } from '../bookings/port.ts'
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
/** A hold lasts as long as it takes to confirm it. */
const HOLD_SECONDS = 120

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
  const offered = new Map<string, Slot>()
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
      await find(context, { notFit: words(args.reason) || 'not_a_fit' })
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
    if (!found || !isCurrent(found)) return
    await tx.update(calls).set(change(found.call)).where(eq(calls.id, found.call.id))
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

async function checkSlots(context: ToolContext, offered: Map<string, Slot>): Promise<ToolResult> {
  const calendar = calendarOf(context)
  if (!calendar) return noCalendar
  const { deps, call, lead, language } = context
  const from = toCallTime(call, new Date(deps.clock.now()))
  const until = new Date(from.getTime() + DAYS_AHEAD * DAY_MS)
  const leadZone = lead.zones[0]!
  const slots = await calendar.freeSlots({ from, until, limit: OFFERED, leadZone })
  for (const slot of slots) offered.set(slot.id, slot)
  const spoken = slots.map((slot) => ({ slot_id: slot.id, spoken: spokenSlot(slot.startsAt, leadZone, language) }))
  return { output: spoken.length ? { slots: spoken } : { slots: [], say: 'There is no free time: offer a call back.' } }
}

async function bookSlot(context: ToolContext, offered: Map<string, Slot>, args: Args): Promise<ToolResult> {
  const calendar = calendarOf(context)
  if (!calendar) return noCalendar
  // Only what check_slots offered in this call: a date cannot be made up.
  const slot = offered.get(words(args.slot_id))
  if (!slot) return { output: { error: 'This slot_id was not offered in this call: use check_slots first.' } }
  const held = await calendar.hold(slot, context.call.id, HOLD_SECONDS)
  if (!held || !(await calendar.confirm(held.id))) {
    return { output: { error: 'Somebody else has just taken this time: use check_slots and offer another.' } }
  }
  await write(context, (call) => ({
    booking: {
      slot: held.startsAt.toISOString(),
      owner: held.owner,
      notes: notesOf(call.answers),
    },
  }))
  return { output: { booked: true, spoken: spokenSlot(slot.startsAt, context.lead.zones[0]!, context.language) } }
}
