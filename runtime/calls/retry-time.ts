import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Tx } from '../db/connect.ts'
import type { Deps } from '../deps.ts'
import { mayDial } from '../guardrails/may-dial.ts'
import type { CallRow } from './advance.ts'
import { toCallTime, toRealTime } from './call-time.ts'
import { dialsToday, factsOf, readDialKnowledge } from './dial-facts.ts'

/**
 * When a retry planned for `planned` will ring, by what is known now: then, or as soon as quiet hours and caps let it. What is told
 * of it is a promise, and the dial asks again. Both are real times.
 * @returns null when the person opted out while it rang: there is nothing to promise.
 */
export async function retryTime(tx: Tx, deps: Deps, call: CallRow, flow: Flow, planned: Date): Promise<Date | null> {
  const now = new Date(deps.clock.now())
  const known = (await readDialKnowledge(tx, [call], now)).get(call.id)!
  if (known.optedOut) return null
  const notBefore = toCallTime(call, planned)
  const dialedToday = await dialsToday(tx, call, known.settings, now)
  const verdict = mayDial(factsOf({ call, flow, now, notBefore, ...known }, { ...known, dialedToday }))
  // A retry that may never ring keeps its time, and is refused then.
  return verdict.kind === 'hold' ? toRealTime(call, verdict.until) : planned
}
