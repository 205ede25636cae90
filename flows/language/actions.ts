import { MAY_FOLLOW } from '../../openapi/flow-actions.ts'
import type { FlowAction, Outcome } from '../../openapi/schemas/flow-document.ts'
import type { ActionFault, Argument, Call } from './action-syntax.ts'
import { BACKOFFS, RETRY_DEFAULTS } from './defaults.ts'
import { readDuration } from './fields.ts'
import { short, unknown } from './reading.ts'

type Type = FlowAction['type']
type Value = { value: unknown } | { message: string; suggestion?: string }
/** One parameter of an action; `as` is its field in the parsed flow, `absent` its value when not given. */
type Parameter = { name: string; as?: string; absent?: unknown; read: (written: string, isLong: boolean) => Value }

const text = (written: string): Value => ({ value: written })

const duration = (written: string): Value => {
  const read = readDuration(written, 'm')
  return 'message' in read ? read : { value: read.seconds }
}

const whole = (written: string): Value =>
  /^[0-9]{1,4}$/.test(written) ? { value: Number(written) } : { message: `"${short(written)}" is not a whole number` }

const backoff = (written: string): Value => {
  if (Object.hasOwn(BACKOFFS, written)) return { value: BACKOFFS[written] }
  if (/^[0-9]{1,2}(\.[0-9]{1,2})?$/.test(written)) return { value: Number(written) }
  const { suggestion } = unknown('', written, Object.keys(BACKOFFS))
  return { message: 'backoff must be a factor such as 2 or 1.5, exponential or fixed', suggestion }
}

const calendar = (written: string, isLong: boolean): Value => {
  if (/^calendar\../.test(written)) return { value: written.slice('calendar.'.length) }
  if (isLong) return { value: written }
  // "calender.mehmet": the first part was meant to be that.
  return { message: 'a calendar is named as calendar.NAME', suggestion: `calendar.${written.replace(/^[^.]*\./, '')}` }
}

const message: Parameter[] = [{ name: 'template', absent: null, read: text }]

/** What each action takes, in order; only the first may be given without its name. */
const PARAMETERS: Record<Type, Parameter[]> = {
  book: [{ name: 'calendar', read: calendar }],
  retry: [
    { name: 'delay', as: 'delay_seconds', read: duration },
    { name: 'max', absent: RETRY_DEFAULTS.max, read: whole },
    { name: 'backoff', absent: RETRY_DEFAULTS.backoff, read: backoff },
  ],
  log: [{ name: 'reason', read: text }],
  whatsapp: message,
  sms: message,
  handoff: [{ name: 'queue', read: text }],
  webhook: [{ name: 'name', read: text }],
}
export const ACTION_TYPES = Object.keys(PARAMETERS) as Type[]

/** An action, where it stands, and where each of its fields does (`max`, `with.car`), as it is called in the file. */
export interface ReadAction {
  action: FlowAction
  at: number
  places: { field: string; path: string; at: number }[]
}

/** What the calls written after `outcome` mean, with every fault in them. Bounds of values are the schema's business. */
export function readActions(calls: Call[], outcome: Outcome): { actions: ReadAction[]; faults: ActionFault[] } {
  const faults: ActionFault[] = []
  const actions = calls.flatMap((call) => readCall(call, outcome, faults) ?? [])
  for (const type of ['retry', 'book']) {
    const second = calls.filter((call) => call.name === type)[1]
    if (second) faults.push({ at: second.at, message: `${type} is given twice` })
  }
  return { actions, faults }
}

function readCall(call: Call, outcome: Outcome, faults: ActionFault[]): ReadAction | undefined {
  const type = ACTION_TYPES.find((name) => name === call.name)
  if (!type) {
    faults.push({ at: call.at, ...unknown(`unknown action "${short(call.name)}"`, call.name, ACTION_TYPES) })
    return undefined
  }
  const before = faults.length
  const may = MAY_FOLLOW[type]
  if (!may.includes(outcome))
    faults.push({ at: call.at, message: `${type} cannot follow ${outcome}; it may follow ${may.join(', ')}` })
  const values: Record<string, unknown> = {}
  const { given, variables } = argumentsOf(call, PARAMETERS[type], faults)
  for (const parameter of PARAMETERS[type]) {
    const argument = given.get(parameter.name)
    const value = argument ? parameter.read(argument.value, call.isLong ?? false) : { value: parameter.absent }
    if ('message' in value) faults.push({ at: argument!.at, ...value })
    else values[parameter.as ?? parameter.name] = value.value
    if (!argument && parameter.absent === undefined && faults.length === before)
      faults.push({
        at: call.at,
        message: `${type} needs its ${parameter.name}${type === 'retry' ? ', such as retry(15m)' : ''}`,
      })
  }
  if (takesVariables(type)) values.with = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]))
  if (faults.length > before) return undefined
  const places = [
    ...PARAMETERS[type].flatMap(({ name, as = name }) => {
      const argument = given.get(name)
      return argument ? [{ field: as, path: `${type}.${name}`, at: argument.at }] : []
    }),
    ...[...variables].map(([name, { at }]) => ({ field: `with.${name}`, path: `${type}.with.${name}`, at })),
  ]
  return { action: { type, ...values } as FlowAction, at: call.at, places }
}

const takesVariables = (type: string) => type === 'sms' || type === 'whatsapp'

/** Arguments by their names. In the short form those that a message does not know are variables of its template, which comes first. */
function argumentsOf(call: Call, parameters: Parameter[], faults: ActionFault[]) {
  const known = parameters.map((parameter) => parameter.name)
  const given = new Map<string, Argument>()
  const variables = new Map<string, Argument>()
  for (const [index, argument] of call.arguments.entries()) {
    const name = argument.name ?? (index === 0 ? known[0] : undefined)
    if (name === undefined) {
      const rest = known.slice(1).join(', ')
      const message = rest ? `name this argument of ${call.name}: ${rest}` : unnamed(call.name)
      faults.push({ at: argument.at, message })
      continue
    }
    const isVariable = argument.isVariable ?? (!known.includes(name) && !call.isLong && takesVariables(call.name))
    const among = isVariable ? variables : given
    if (isVariable && !call.isLong && given.size === 0) {
      faults.push({ at: argument.nameAt, message: `${call.name} takes its template first, then variables of it` })
      return { given, variables }
    }
    if (isVariable && name === '__proto__')
      faults.push({ at: argument.nameAt, message: 'a variable cannot be named __proto__' })
    else if (!isVariable && !known.includes(name))
      faults.push({ at: argument.nameAt, ...unknown(`${call.name} has no "${short(name)}"`, name, known) })
    else if (among.has(name)) faults.push({ at: argument.nameAt, message: `${call.name} is given "${name}" twice` })
    else among.set(name, argument)
  }
  return { given, variables }
}

const unnamed = (type: string) =>
  takesVariables(type) ? `name this variable: ${type}("template", name="…")` : `${type} takes one argument`
