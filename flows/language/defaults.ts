import {
  type Flow,
  type FlowAction,
  FlowAgent,
  FlowCall,
  FlowMatch,
  FlowSlot,
  OUTCOMES,
} from '../../openapi/schemas/flow-document.ts'
import { impliedBy } from '../../openapi/schemas/flow-written.ts'

/** What a flow means where it says nothing. */
export const DEFAULTS = { match: impliedBy(FlowMatch), call: impliedBy(FlowCall), agent: impliedBy(FlowAgent) }
export const SLOT_DEFAULTS = impliedBy(FlowSlot) as Omit<FlowSlot, 'name'>

/** Factors of the delay between attempts that have names. */
export const BACKOFFS: Readonly<Record<string, number>> = { exponential: 2, fixed: 1 }
export const RETRY_DEFAULTS = { max: 3, backoff: BACKOFFS.exponential! }

type Old<T> = Partial<{ [K in keyof T]: unknown }>

/** A flow as it was stored, by whatever version of the language, with what has been added to flows since. */
export function completeFlow(stored: object): Flow {
  const flow = stored as Omit<Flow, 'qualify' | 'tools' | 'on'> & {
    qualify: (Old<FlowSlot> & { name: string })[]
    tools?: Flow['tools']
    on: Record<string, object[]>
  }
  return {
    id: flow.id,
    match: { ...DEFAULTS.match, ...flow.match },
    call: { ...DEFAULTS.call, ...flow.call },
    agent: { ...DEFAULTS.agent, ...flow.agent },
    qualify: flow.qualify.map(({ name, ...rest }) => ({ name, ...SLOT_DEFAULTS, ...(rest as Partial<FlowSlot>) })),
    tools: flow.tools ?? [],
    on: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, (flow.on[outcome] ?? []).map(completeAction)]),
    ) as Flow['on'],
  }
}

/** Back-off was a word, and messages had no variables. */
function completeAction(stored: object): FlowAction {
  const action = stored as FlowAction
  if (action.type === 'retry') return { ...action, backoff: BACKOFFS[action.backoff] ?? action.backoff }
  return action.type === 'sms' || action.type === 'whatsapp' ? { ...action, with: action.with ?? {} } : action
}
