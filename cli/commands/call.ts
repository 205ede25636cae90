import type { Client } from '../../openapi/client.ts'
import type { Attempt, Call, TranscriptTurn } from '../../openapi/schemas/call.ts'
import type { z } from '../../openapi/zod.ts'
import { CommandError } from '../failure.ts'
import type { Invocation } from '../invocation.ts'
import { fields, type Output, type Paint } from '../output.ts'
import { duration, zonedDateTime } from '../words.ts'

interface Options {
  wait?: string | true
  transcript?: boolean
}

/** `talkif call get` */
export async function getCall({ args, options, out, server }: Invocation<Options, [id: string]>): Promise<void> {
  const { wait, transcript } = options
  const seconds = wait === undefined ? 0 : secondsOf(wait)
  const { api } = await server()
  const asked: Asked = { id: args[0], ...(transcript ? { include: ['transcript'] } : {}) }
  out.show(await whenOver(api, asked, out, seconds), callLines)
}

function secondsOf(wait: string | true): number {
  if (wait === true) return Number.POSITIVE_INFINITY
  if (/^\d{1,6}$/.test(wait)) return Number(wait)
  throw new CommandError(
    `--wait ${wait} is no number of seconds.`,
    'Give one, e.g. 300, or --wait alone to wait until the call is over.',
  )
}

type Asked = Parameters<Client['getCall']>[0]

/** As long as the server lets anybody wait for one answer. */
const MAX_WAIT = 60

/**
 * Waits on the server, which answers as soon as the call is over; tells at once how it stands, and each status on the way.
 * @param seconds so long at most; the call as it is then.
 */
export async function whenOver(api: Client, asked: Asked, out: Output, seconds: number): Promise<Call> {
  const until = Date.now() + seconds * 1000
  let told = ''
  for (let isFirst = true; ; isFirst = false) {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000))
    const wait = isFirst ? 0 : Math.min(MAX_WAIT, left)
    const call = await api.getCall({ ...asked, ...(wait > 0 ? { wait } : {}) })
    if (isOver(call) || left === 0 || (!isFirst && left <= MAX_WAIT)) return call
    const { status, reason, not_before } = call
    const line = [status, reason && `(${reason})`, not_before && `until ${zonedDateTime(not_before)}`]
      .filter(Boolean)
      .join(' ')
    if (line !== told) out.line(out.paint('dim', isFirst ? line : `still ${line}`))
    told = line
  }
}

export const isOver = ({ status }: Pick<Call, 'status'>): boolean => status === 'completed' || status === 'cancelled'

/** A call as a person reads it. */
export function callLines(call: Call, paint: Paint): string[] {
  const { booking, handoff, metrics, artifacts } = call
  const because = call.reason ? ` (${call.reason})` : ''
  return [
    ...fields(paint, [
      ['call', call.id],
      ['status', call.outcome ? call.status : `${call.status}${because}`],
      ['outcome', call.outcome && `${paint(colour(call), call.outcome)}${because}`],
      ['detail', call.detail],
      ['not before', call.not_before && zonedDateTime(call.not_before)],
      ['phone', `${call.phone}${call.test ? ' (test: no real phone)' : ''}`],
      ['flow', `${call.flow_id} version ${call.flow_version}`],
      ['booking', booking && `${zonedDateTime(booking.slot)} with ${booking.owner}`],
      ['handoff', handoff && [handoff.queue, handoff.result, handoff.reason].filter(Boolean).join(': ')],
      ['first dial', metrics.first_dial_ms === null ? null : `after ${duration(metrics.first_dial_ms)}`],
      ['recording', artifacts.recording_url],
    ]),
    ...section(
      paint,
      'answers',
      Object.entries(call.answers).map(([slot, answer]) => `${slot}: ${answer}`),
    ),
    ...section(paint, 'attempts', call.attempts.map(attemptLine)),
    ...(call.transcript ? section(paint, 'transcript', turnLines(call.transcript, paint), 'Nothing was said.') : []),
  ]
}

const colour = ({ outcome }: Call) => (outcome === 'booked' || outcome === 'qualified' ? 'green' : 'yellow')

const section = (paint: Paint, name: string, lines: string[], empty?: string): string[] =>
  lines.length === 0 && !empty
    ? []
    : ['', paint('bold', name), ...(lines.length ? lines : [empty!]).map((line) => `  ${line}`)]

const attemptLine = ({ attempt, dialed_at, result, provider_call_sid: sid }: z.infer<typeof Attempt>): string =>
  [attempt, zonedDateTime(dialed_at), result ?? 'under way', sid].filter(Boolean).join('  ')

type Turn = z.infer<typeof TranscriptTurn>

/** Each conversation counts its time anew: where there are several, each has a heading. */
function turnLines(turns: Turn[], paint: Paint): string[] {
  const attempts = new Set(turns.map(({ attempt }) => attempt))
  return [...attempts].flatMap((attempt) => [
    ...(attempts.size > 1 ? [paint('dim', `attempt ${attempt}`)] : []),
    ...turns.filter((turn) => turn.attempt === attempt).map((turn) => turnLine(turn, paint)),
  ])
}

function turnLine({ at_ms, role, text, interrupted }: Turn, paint: Paint): string {
  const at = `${Math.floor(at_ms / 60_000)}:${String(Math.floor(at_ms / 1000) % 60).padStart(2, '0')}`
  return `${paint('dim', at.padStart(5))}  ${paint(role === 'agent' ? 'cyan' : 'bold', role.padEnd(5))}  ${text}${interrupted ? ' …' : ''}`
}
