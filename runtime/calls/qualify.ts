import { disqualifies } from '../../flows/language/answers.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Findings } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { MILESTONE, traceOf } from '../telemetry/spans.ts'
import type { CallRow } from './advance.ts'

/** The milestone at which the questions of the flow are over, answered or not. */
export function traceQualified(deps: Deps, call: CallRow, flow: Flow, qualified: boolean): void {
  const at = deps.clock.now()
  deps.telemetry.span(traceOf(call), 'qualify.done', {
    startedAt: at,
    endedAt: at,
    status: qualified ? 'qualified' : 'not_qualified',
    attributes: { [MILESTONE]: true, answers: Object.keys(call.answers).length, slots: flow.qualify.length },
  })
}

/** What was found, with the answers as they are now: one that rules the person out counts until they correct it. */
export function judged(findings: Findings, answers: Record<string, string>, flow: Flow): Findings {
  const slot = flow.qualify.find(({ name, ...rest }) => {
    const answer = answers[name]
    return answer !== undefined && disqualifies({ name, ...rest }, answer)
  })
  const { notFit, ...others } = findings
  if (notFit && notFit.reason !== 'disqualified') return findings
  if (!slot) return others
  return { ...others, notFit: { reason: 'disqualified', detail: `${slot.name}: ${answers[slot.name]}` } }
}
