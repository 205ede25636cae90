import type { Attempt, Call, TranscriptTurn } from '../../openapi/schemas/call.ts'
import type { z } from '../../openapi/zod.ts'
import { CommandError } from '../failure.ts'
import type { Invocation } from '../invocation.ts'
import { fields, type Paint } from '../output.ts'
import { duration, zonedDateTime } from '../words.ts'

interface Options {
  wait?: string
  transcript?: boolean
}

/** `talkif call get` */
export async function getCall({ args, options, out, server }: Invocation<Options, [id: string]>): Promise<void> {
  const { wait, transcript } = options
  if (wait !== undefined && !/^\d+$/.test(wait))
    throw new CommandError(`--wait ${wait} is no number of seconds.`, 'Give 0 to 60.')
  const { api } = await server()
  const call = await api.getCall({
    id: args[0],
    ...(wait === undefined ? {} : { wait: Number(wait) }),
    ...(transcript ? { include: ['transcript'] } : {}),
  })
  out.show(call, callLines)
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
