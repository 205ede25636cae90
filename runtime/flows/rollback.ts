import { completeFlow } from '../../flows/language/defaults.ts'
import { type ParsedFlow, parseFlow } from '../../flows/language/parse.ts'
import type { FlowView } from '../../openapi/schemas/flow.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq } from '../db/drizzle.ts'
import { flows, flowVersions } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { ProblemError } from '../problem.ts'
import { faultOfText, misfits } from './faults.ts'
import { readHeads } from './heads.ts'
import { workspaceNames } from './names.ts'
import { readFlow } from './read.ts'

/**
 * Makes an older version of a flow (or a newer one, to go forward again) the one new leads get; calls keep theirs.
 * @param version the one before the current one when left out.
 * @throws not_found; flow_invalid when the workspace has changed so that the version does not fit into it any more.
 */
export async function rollBackFlow(
  tx: Tx,
  deps: Pick<Deps, 'clock'>,
  caller: Caller,
  { id, version }: { id: string; version?: number | undefined },
): Promise<FlowView> {
  const names = await workspaceNames(tx, caller.workspaceId, { lock: true })
  const heads = await readHeads(tx, caller.workspaceId)
  const head = heads.find((it) => it.id === id)
  if (!head) throw await notInForce(tx, caller, id)
  const wanted = version ?? head.version - 1
  if (wanted === 0) throw new ProblemError('not_found', `${id} has no version before its first one.`)
  const [row] = await tx
    .select()
    .from(flowVersions)
    .where(
      and(
        eq(flowVersions.workspaceId, caller.workspaceId),
        eq(flowVersions.flowId, id),
        eq(flowVersions.version, wanted),
      ),
    )
  if (!row) throw new ProblemError('not_found', `There is no version ${wanted} of ${id} here.`)
  if (row.version === head.version) return readFlow(tx, caller, id, 'unchanged')
  const faults = misfits(parsedAgain(row), { names, flows: heads.map(({ definition }) => definition) })
  if (faults.length > 0)
    throw new ProblemError('flow_invalid', `Version ${wanted} of ${id} does not fit into the workspace any more.`, {
      errors: faults.map(faultOfText),
      suggestedAction: 'Add to talkif.yaml what it names and deploy that, or name another version.',
    })
  await tx
    .update(flows)
    .set({ version: row.version, updatedAt: new Date(deps.clock.now()) })
    .where(and(eq(flows.workspaceId, caller.workspaceId), eq(flows.id, id)))
  return readFlow(tx, caller, id, 'rolled_back')
}

async function notInForce(tx: Tx, caller: Caller, id: string): Promise<ProblemError> {
  const { version } = await readFlow(tx, caller, id)
  return new ProblemError(
    'not_found',
    `The flow ${id} is retired, last in version ${version}; deploy it to bring it back.`,
  )
}

/** The text of an old version may be of an older language: then its faults have no place in it but the beginning. */
function parsedAgain({ yaml, definition }: { yaml: string; definition: object }): ParsedFlow {
  const parsed = parseFlow(yaml)
  const flow = completeFlow(definition)
  if ('flow' in parsed) return { ...parsed, flow }
  return {
    flow,
    faultAt: (part, message, suggestion) => ({
      ...{ line: 1, column: 1, path: part.join('.'), message },
      ...(suggestion === undefined ? {} : { suggestion }),
    }),
  }
}
