import { ConnectionError, TalkifError } from '../openapi/client.ts'
import { type FieldFault, type Problem, type ProblemCode, problems } from '../openapi/schemas/problem.ts'
import { Misconfigured } from '../runtime/misconfigured.ts'
import { ProblemError } from '../runtime/problem.ts'
import { clean, type Paint } from './output.ts'

/** What a command cannot do, in words for its user: what happened, and what to do next. Ends it with status 1. */
export class CommandError extends Error {
  readonly next: string | undefined
  /** What else `--json` tells. */
  readonly more: object
  constructor(message: string, next?: string, more: object = {}) {
    super(message)
    this.next = next
    this.more = more
  }
}

/** What `--json` prints on stderr when a command fails; of a refusal by the server, its whole problem document. */
export type Failure = Partial<Problem> & Pick<Problem, 'detail' | 'suggested_action'>

/** Any error as what happened and what to do next. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TalkifError) return error.problem
  // What the server would refuse, found here by the same code.
  if (error instanceof ProblemError) {
    const { code, message, param, errors = [], suggestedAction } = error
    return { code, detail: message, param, errors, suggested_action: suggestedAction }
  }
  if (error instanceof ConnectionError) return { detail: error.message, suggested_action: nextOf(error) }
  if (error instanceof Misconfigured) return { detail: error.message, suggested_action: error.next }
  if (error instanceof CommandError) return { detail: error.message, suggested_action: error.next ?? '', ...error.more }
  return { detail: error instanceof Error ? error.message : String(error), suggested_action: '' }
}

function nextOf({ status }: ConnectionError): string {
  if (status !== undefined) return 'Check that --url, or TALKIF_URL, names a Talkif server and nothing in front of it.'
  return 'Start one with `talkif dev`, or name the one you mean with --url or TALKIF_URL.'
}

/** What the API tells programs to do next, as people do it here; of other codes it is the same. */
const NEXT: Partial<Record<ProblemCode, string>> = {
  unauthenticated: 'Set TALKIF_KEY, or give --key, with a key of this workspace.',
  forbidden: 'Use a key that has it; `talkif keys create --scope <scope>` makes one.',
  not_found: 'Check it, and that your key belongs to the same workspace and mode.',
  invalid_request: 'Mend what is named, then run it again.',
  lead_invalid: 'Mend what is named, then run it again.',
  phone_invalid: 'For example +12025550100.',
  rate_limited: 'Wait a little, then run it again.',
  unavailable: 'Wait a little, then run it again.',
}

/**
 * The failure as lines: what happened, every fault, and after an arrow the next step, in the words of a terminal.
 * @param flags the long options of the command, by which it names what the API calls otherwise.
 */
export function failureLines(failure: Failure, paint: Paint, flags: readonly string[] = []): string[] {
  const { code, detail, suggested_action, errors = [], request_id } = clean(failure)
  const faults = errors.length > 1 || errors.some(({ line }) => line) ? errors : []
  const isUsual = code !== undefined && problems[code]?.[2] === suggested_action
  const next = (isUsual && NEXT[code]) || suggested_action
  const what = inFlags(
    named(errors, flags, detail).replace(/(\??) \(and \d+ more, see errors\)\./, (_, mark) => mark || '.'),
    flags,
  )
  return [
    `${paint('red', '✗')} ${what}`,
    ...faults.map((fault) => `  ${faultLine(fault, flags)}`).filter((line) => line !== `  ${what}`),
    ...(next ? [`${paint('cyan', '→')} ${next}`] : []),
    ...(request_id ? [paint('dim', `  request ${request_id}`)] : []),
  ]
}

/** A sentence about the only fault names the option that it is about, where it names nothing itself. */
function named([fault, ...others]: FieldFault[], flags: readonly string[], detail: string): string {
  const flag = `--${fault?.pointer.slice(1)}`
  return fault?.code === 'phone_invalid' && others.length === 0 && flags.includes(flag) ? `${flag}: ${detail}` : detail
}

function faultLine({ pointer, line, column, detail }: FieldFault, flags: readonly string[]): string {
  if (line) return `${line}:${column}  ${detail}`
  const place = pointer.split('/').slice(1).join('.')
  const isNamed = detail.startsWith(`${place} `) || detail.startsWith(`There is no field ${place} `)
  return place === '' || isNamed ? inFlags(detail, flags) : `${place}  ${inFlags(detail, flags)}`
}

/** A sentence about a parameter, about the option that gives it; a country is added only where there is an option for it. */
export function inFlags(detail: string, flags: readonly string[]): string {
  const [name = ''] = /^[a-z_.]+(?= )/.exec(detail) ?? []
  const flag = [name, name.replace(/_id$/, ''), name.split('.').at(-1)!]
    .map((it) => `--${it.replaceAll('_', '-')}`)
    .find((it) => flags.includes(it))
  const given = flag ?? (name === 'sandbox.clock' && flags.includes('--waits') ? 'The time' : undefined)
  const said = given === undefined ? detail : `${given}${detail.slice(name.length)}`
  return said.replace(', or add the country.', flags.includes('--country') ? ', or add --country.' : '.')
}
