import { type FlowFault, faultText } from '../../flows/language/faults.ts'
import type { ParsedFlow } from '../../flows/language/parse.ts'
import { referenceFaults, type WorkspaceNames } from '../../flows/language/references.ts'
import { tie } from '../../flows/language/ties.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { ProblemError } from '../problem.ts'

/** The other flows and the names that a flow must fit to. */
export interface Surroundings {
  /** With what else may be done about a tie with one. */
  flows: readonly (Pick<Flow, 'id' | 'match'> & { remedy?: string })[]
  names: WorkspaceNames
}

/** Why a flow, itself without faults, cannot be deployed into a workspace. One of the same id is what it replaces. */
export function misfits(parsed: ParsedFlow, { flows, names }: Surroundings): FlowFault[] {
  const { flow, faultAt } = parsed
  const ties = flows.flatMap((other) => {
    const shared = other.id === flow.id ? undefined : tie(flow.match, other.match)
    if (!shared) return []
    const message = `${other.id} takes ${shared} too, and neither flow is more specific; let one of them name more than the other${other.remedy ?? ''}`
    return [faultAt(['match'], message)]
  })
  return [...ties, ...referenceFaults(parsed, names)].toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** A fault of the text of a flow, as a problem tells it. */
export const faultOfText = (fault: FlowFault): FieldFault => ({
  pointer: '/yaml',
  code: 'flow_invalid',
  detail: faultText(fault),
  line: fault.line,
  column: fault.column,
})

/** The refusal of a flow: every fault, with its line and column. */
export function flowInvalid(faults: FlowFault[]): ProblemError {
  const errors = faults.map(faultOfText)
  const first = errors[0]!
  return new ProblemError('flow_invalid', `Line ${first.line}, column ${first.column}: ${first.detail}`, { errors })
}
