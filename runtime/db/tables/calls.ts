import type { AttemptResult, Booking, Handoff, NotFitReason, Outcome } from '../../../openapi/schemas/call.ts'
import type { CallStatus } from '../../../openapi/schemas/lead.ts'
import type { Verdict } from '../../carrier/port.ts'
import {
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from '../drizzle.ts'
import { at, mode, workspaceId } from './columns.ts'
import { workspaces } from './workspaces.ts'

export type Consent = true | { granted: true; text: string; captured_at: string; url?: string; ip?: string }

/** The person's request. */
export const leads = pgTable('leads', {
  id: text('id').primaryKey(),
  workspaceId: workspaceId().references(() => workspaces.id),
  mode: mode(),
  listId: text('list_id'),
  phone: text('phone').notNull(),
  country: text('country'),
  subdivision: text('subdivision'),
  /** Candidate IANA zones; never empty. A call must be allowed in every one. */
  zones: jsonb('zones').$type<string[]>().notNull(),
  source: text('source').notNull(),
  campaign: text('campaign'),
  intent: text('intent'),
  language: text('language'),
  name: text('name'),
  email: text('email'),
  consent: jsonb('consent').$type<Consent>().notNull(),
  callWithinSeconds: integer('call_within_seconds'),
  notBefore: at('not_before'),
  externalId: text('external_id'),
  metadata: jsonb('metadata').$type<Record<string, string>>().notNull(),
  receivedAt: at('received_at').notNull(),
})

export const lists = pgTable('lists', {
  id: text('id').primaryKey(),
  workspaceId: workspaceId(),
  mode: mode(),
  accepted: integer('accepted').notNull(),
  rejected: integer('rejected').notNull(),
  createdAt: at('created_at').notNull(),
})

/** What the conversation's tools recorded; the outcome is decided from this, never from prose. */
export interface Findings {
  optedOut?: boolean
  wrongNumber?: boolean
  voicemail?: boolean
  /** A robot asked who was calling, and nobody has come to the phone since. */
  screened?: boolean
  notFit?: { reason: NotFitReason; detail: string | null }
  handoff?: Handoff
  /** The agent ended the conversation itself. */
  finished?: boolean
  /** Every slot of the flow was asked and answered. */
  qualified?: boolean
}

/** The one conversation we try to have. Only `calls/advance.ts` writes `status`. */
export const calls = pgTable(
  'calls',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId(),
    mode: mode(),
    leadId: text('lead_id')
      .notNull()
      .references(() => leads.id),
    flowId: text('flow_id').notNull(),
    flowVersion: integer('flow_version').notNull(),
    phone: text('phone').notNull(),
    /** The number while this call is open, else null: one open call per workspace, mode and number. */
    openPhone: text('open_phone'),
    status: text('status').$type<CallStatus>().notNull(),
    notBefore: at('not_before'),
    reason: text('reason'),
    attemptsMade: integer('attempts_made').notNull().default(0),
    /** 0 for single leads, less for rows of lists. */
    priority: integer('priority').notNull().default(0),
    outcome: text('outcome').$type<Outcome>(),
    /** `json` keeps the order in which they were given. */
    answers: json('answers').$type<Record<string, string>>().notNull().default({}),
    booking: json('booking').$type<Booking>(),
    findings: jsonb('findings').$type<Findings>().notNull().default({}),
    recorded: boolean('recorded').notNull().default(false),
    /** The sandbox's time at `createdAt`, and how much faster it runs; identity for live calls. */
    clockOrigin: at('clock_origin').notNull(),
    clockRate: doublePrecision('clock_rate').notNull().default(1),
    /** How much faster than life the conversation runs; 1 for live calls. */
    pace: doublePrecision('pace').notNull().default(1),
    traceId: text('trace_id').notNull(),
    rootSpanId: text('root_span_id').notNull(),
    firstDialAt: at('first_dial_at'),
    answeredAt: at('answered_at'),
    outcomeAt: at('outcome_at'),
    createdAt: at('created_at').notNull(),
    updatedAt: at('updated_at').notNull(),
  },
  (t) => [
    uniqueIndex('calls_one_open').on(t.workspaceId, t.mode, t.openPhone),
    index('calls_of_lead').on(t.leadId),
    index('calls_of_workspace').on(t.workspaceId, t.mode, t.id),
    index('calls_waiting').on(t.status, t.updatedAt),
  ],
)

/** One dial. The row is committed before the carrier is asked. */
export const attempts = pgTable(
  'attempts',
  {
    id: text('id').primaryKey(),
    callId: text('call_id')
      .notNull()
      .references(() => calls.id),
    workspaceId: workspaceId(),
    mode: mode(),
    attempt: integer('attempt').notNull(),
    phone: text('phone').notNull(),
    fromPhone: text('from_phone').notNull(),
    /** Held while the dial is open, so that two dials of one number never overlap and a carrier's list can be read. */
    lockKey: text('lock_key'),
    /** Only the dialer that holds it may ask the carrier. */
    fence: text('fence').notNull(),
    mediaUrl: text('media_url').notNull(),
    streamTokenHash: text('stream_token_hash').notNull(),
    streamTokenUsedAt: at('stream_token_used_at'),
    /** The process that carries the conversation: while it lives, its word on how that ended is waited for. */
    mediaNode: text('media_node'),
    carrierId: text('carrier_id').unique(),
    askedAt: at('asked_at').notNull(),
    /** The request to the carrier is given up at this instant. */
    deadlineAt: at('deadline_at').notNull(),
    answeredAt: at('answered_at'),
    endedAt: at('ended_at'),
    result: text('result').$type<AttemptResult>(),
    answeredBy: text('answered_by').$type<Verdict>(),
    errorCode: text('error_code'),
    /** Recorded when the conversation's process has written everything it heard. */
    mediaEndedAt: at('media_ended_at'),
    /** It was to be recorded, and could not be. */
    recordingLost: boolean('recording_lost').notNull().default(false),
    endedBy: text('ended_by'),
    spanId: text('span_id').notNull(),
  },
  (t) => [
    unique().on(t.callId, t.attempt),
    uniqueIndex('attempts_one_open').on(t.lockKey),
    index('attempts_of_number').on(t.mode, t.phone, t.askedAt),
    index('attempts_open').on(t.endedAt, t.deadlineAt),
    index('attempts_of_day').on(t.workspaceId, t.mode, t.askedAt),
  ],
)

export const turns = pgTable(
  'turns',
  {
    callId: text('call_id').notNull(),
    attempt: integer('attempt').notNull(),
    seq: integer('seq').notNull(),
    role: text('role').$type<'agent' | 'lead'>().notNull(),
    atMs: integer('at_ms').notNull(),
    text: text('text').notNull(),
    interrupted: boolean('interrupted').notNull(),
  },
  (t) => [primaryKey({ columns: [t.callId, t.attempt, t.seq] })],
)

/** What happened to a call, in order; written with the status it explains. */
export const history = pgTable(
  'history',
  {
    seq: bigserial('seq', { mode: 'number' }).primaryKey(),
    callId: text('call_id').notNull(),
    at: at('at').notNull(),
    event: text('event').notNull(),
    from: text('from_status').notNull(),
    to: text('to_status').notNull(),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull(),
  },
  (t) => [index('history_of_call').on(t.callId)],
)

/** Do not call. Permanent; no code path deletes a live one. */
export const optOuts = pgTable(
  'opt_outs',
  {
    workspaceId: workspaceId(),
    mode: mode(),
    phone: text('phone').notNull(),
    source: text('source').$type<'call' | 'keypress' | 'message' | 'import'>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.mode, t.phone] })],
)

/**
 * Appointments in every kind of calendar: a slot is taken here before anybody else is asked. `confirming` and `releasing` are under
 * way at a calendar elsewhere, and nobody else's until that is known.
 */
export type BookingStatus = 'held' | 'confirming' | 'confirmed' | 'releasing' | 'released'

export const bookings = pgTable(
  'bookings',
  {
    id: text('id').primaryKey(),
    workspaceId: workspaceId(),
    mode: mode(),
    calendar: text('calendar').notNull(),
    kind: text('kind').$type<'embedded' | 'caldav' | 'cal_com'>().notNull().default('embedded'),
    callId: text('call_id').notNull(),
    slotAt: at('slot_at').notNull(),
    endsAt: at('ends_at').notNull(),
    status: text('status').$type<BookingStatus>().notNull(),
    /** Of a hold; it gives way from then on. */
    expiresAt: at('expires_at'),
    /** What a calendar elsewhere calls the hold, and the appointment. */
    remoteHold: text('remote_hold'),
    remoteId: text('remote_id'),
    createdAt: at('created_at').notNull(),
    confirmedAt: at('confirmed_at'),
  },
  (t) => [
    index('bookings_of_calendar').on(t.workspaceId, t.mode, t.calendar, t.endsAt),
    index('bookings_of_call').on(t.callId),
    // For the sweep, which looks for what is still under way.
    index('bookings_by_status').on(t.status, t.createdAt),
  ],
)

/** One row a calendar, locked while a slot of it is taken: slots of any length and their buffers never overlap. */
export const calendarLocks = pgTable(
  'calendar_locks',
  { workspaceId: workspaceId(), mode: mode(), calendar: text('calendar').notNull() },
  (t) => [primaryKey({ columns: [t.workspaceId, t.mode, t.calendar] })],
)
