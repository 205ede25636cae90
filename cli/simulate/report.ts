import type { Paint } from '../output.ts'
import { duration } from '../words.ts'
import type { Result } from './play.ts'

/** What is simulated and what is not. */
export const HONESTY =
  'The agent is played by the script of the sandbox, in English, not by a language model: routing, questions, rules, bookings, messages and outcomes are real, its wording is not.'

/** One scenario: verdict, what was expected and what came, and how it went. */
export function resultLines(result: Result, paint: Paint): string[] {
  const { ok, flow_id, scenario, outcome, reason, unmet, transcript, answers, messages, latency, ms } = result
  const mark = ok ? paint('green', '✓') : paint('red', '✗')
  const ended = outcome ? `${outcome}${reason ? ` (${reason})` : ''}` : 'no outcome'
  const { response_p50_ms: p50, response_p95_ms: p95, first_dial_ms: dial } = latency
  const timings = [
    p50 === null || p95 === null ? '' : `response p50 ${duration(p50)}, p95 ${duration(p95)}`,
    dial === null ? '' : `first dial ${duration(dial)}`,
    `total ${duration(ms)}`,
  ]
  return [
    `${mark} ${paint('bold', `${flow_id} · ${scenario}`)}  ${ended}`,
    ...unmet.map(({ what, expected, came }) => `    ${paint('red', what)}: expected ${expected}, came ${came}`),
    ...transcript.map(
      ({ role, text, interrupted }) => `    ${paint('dim', role.padEnd(5))}  ${text}${interrupted ? ' …' : ''}`,
    ),
    ...Object.entries(answers).map(([slot, answer]) => `    ${paint('dim', 'answer')} ${slot}: ${answer}`),
    ...messages.map(
      ({ channel, template, body, status }) => `    ${paint('dim', channel)} ${status}: ${body ?? template}`,
    ),
    `    ${paint('dim', timings.filter(Boolean).join(' · '))}`,
    '',
  ]
}

export function summaryLines(results: Result[], paint: Paint): string[] {
  const failed = results.filter(({ ok }) => !ok)
  const count = `${results.length - failed.length} of ${results.length} as expected`
  return [
    failed.length === 0 ? `${paint('green', '✓')} ${count}` : `${paint('red', '✗')} ${count}`,
    ...failed.map(({ flow_id, scenario }) => `  ${paint('red', '✗')} ${flow_id} · ${scenario}`),
    paint('dim', HONESTY),
  ]
}
