import { MAY_FOLLOW } from '../../openapi/flow-actions.ts'
import { nearest } from '../../openapi/nearest.ts'
import type { FlowAction, Outcome } from '../../openapi/schemas/flow-document.ts'
import { type ActionFault, type Argument, type Call, readCalls } from './action-syntax.ts'
import { readDuration } from './fields.ts'
import { short } from './reading.ts'

type Type = FlowAction['type']
type Value = { value: unknown } | { message: string; suggestion?: string }
/** One parameter of an action; `as` is its field in the parsed flow, `absent` its value when not given. */
type Parameter = { name: string; as?: string; absent?: unknown; read: (written: string) => Value }

const text = (written: string): Value => ({ value: written })

const duration = (written: string): Value => {
  const read = readDuration(written)
  return 'message' in read ? read : { value: read.seconds }
}

const whole = (written: string): Value =>
  /^[0-9]{1,4}$/.test(written) ? { value: Number(written) } : { message: `"${short(written)}" is not a whole number` }

const BACKOFFS = ['exponential', 'fixed']
const backoff = (written: string): Value =>
  BACKOFFS.includes(written)
    ? { value: written }
    : { message: 'backoff is exponential or fixed', suggestion: nearest(written, BACKOFFS) }

const calendar = (written: string): Value =>
  /^calendar\../.test(written)
    ? { value: written.slice('calendar.'.length) }
    : { message: 'a calendar is named as calendar.NAME', suggestion: `calendar.${written}` }

/** What each action takes, in order; only the first may be given without its name. */
const PARAMETERS: Record<Type, Parameter[]> = {
  book: [{ name: 'calendar', read: calendar }],
  retry: [
    { name: 'delay', as: 'delay_seconds', read: duration },
    { name: 'max', absent: 3, read: whole },
    { name: 'backoff', absent: 'exponential', read: backoff },
  ],
  log: [{ name: 'reason', read: text }],
  whatsapp: [{ name: 'template', absent: null, read: text }],
  sms: [{ name: 'template', absent: null, read: text }],
  handoff: [{ name: 'queue', read: text }],
  webhook: [{ name: 'name', read: text }],
}
const NAMES = Object.keys(PARAMETERS) as Type[]

/**
 * Reads the actions written after `outcome`, with every fault in them. Bounds of the values are the schema's business.
 * Never throws.
 */
export function parseActions(written: string, outcome: Outcome): { actions: FlowAction[]; faults: ActionFault[] } {
  const { calls, fault } = readCalls(written)
  const faults = fault ? [fault] : []
  const actions = calls.flatMap((call) => readCall(call, outcome, faults) ?? [])
  for (const type of ['retry', 'book']) {
    const second = calls.filter((call) => call.name === type)[1]
    if (second) faults.push({ at: second.at, message: `${type} is given twice` })
  }
  return { actions, faults }
}

function readCall(call: Call, outcome: Outcome, faults: ActionFault[]): FlowAction | undefined {
  const type = NAMES.find((name) => name === call.name)
  if (!type) {
    faults.push(unknown(call.at, `unknown action "${short(call.name)}"`, call.name, NAMES))
    return undefined
  }
  const before = faults.length
  const may = MAY_FOLLOW[type]
  if (!may.includes(outcome))
    faults.push({ at: call.at, message: `${type} cannot follow ${outcome}; it may follow ${may.join(', ')}` })
  const values: Record<string, unknown> = {}
  const given = argumentsOf(call, PARAMETERS[type], faults)
  for (const parameter of PARAMETERS[type]) {
    const argument = given.get(parameter.name)
    const value = argument ? parameter.read(argument.value) : { value: parameter.absent }
    if ('message' in value) faults.push({ at: argument!.at, ...value })
    else values[parameter.as ?? parameter.name] = value.value
    if (!argument && parameter.absent === undefined)
      faults.push({ at: call.at, message: `${type} needs its ${parameter.name}` })
  }
  return faults.length === before ? ({ type, ...values } as FlowAction) : undefined
}

function argumentsOf(call: Call, parameters: Parameter[], faults: ActionFault[]): Map<string, Argument> {
  const known = parameters.map((parameter) => parameter.name)
  const given = new Map<string, Argument>()
  for (const [index, argument] of call.arguments.entries()) {
    const name = argument.name ?? (index === 0 ? known[0] : undefined)
    if (name === undefined) {
      const rest = known.slice(1).join(', ')
      const message = rest ? `name this argument of ${call.name}: ${rest}` : `${call.name} takes one argument`
      faults.push({ at: argument.at, message })
    } else if (!known.includes(name))
      faults.push(unknown(argument.nameAt, `${call.name} has no "${short(name)}"`, name, known))
    else if (given.has(name)) faults.push({ at: argument.nameAt, message: `${call.name} is given "${name}" twice` })
    else given.set(name, argument)
  }
  return given
}

function unknown(at: number, message: string, word: string, known: readonly string[]): ActionFault {
  const meant = nearest(word, known)
  return meant
    ? { at, message: `${message}; did you mean "${meant}"?`, suggestion: meant }
    : { at, message: `${message}; known: ${known.join(', ')}` }
}
