import type { Flow } from '../../openapi/schemas/flow-document.ts'
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
