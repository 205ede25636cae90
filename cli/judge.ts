import type { FlowFault } from '../flows/language/faults.ts'
import { inOrder, type ParsedFlow, parseFlow } from '../flows/language/parse.ts'
import { referencesOf, type WorkspaceNames } from '../flows/language/references.ts'
import { parseWorkspace, type WorkspaceFile } from '../flows/language/workspace-file.ts'
import type { WorkspaceDocument } from '../openapi/schemas/workspace.ts'
import { workspaceFaults } from '../runtime/access/workspace-faults.ts'
import { ownVariables } from '../runtime/config.ts'
import { misfits } from '../runtime/flows/faults.ts'

/** What a file says, as far as it is without faults. */
export interface Judged {
  /** In the order of the file; none where it may be deployed. */
  faults: FlowFault[]
  parsed?: ParsedFlow
  workspace?: WorkspaceFile
}

export function judgeFlow(text: string): Judged {
  const parsed = parseFlow(text)
  return 'faults' in parsed ? { faults: parsed.faults } : { faults: [], parsed }
}

/** `talkif.yaml`, with its variables filled from the environment; `assume` takes stand-ins for those that it lacks. */
export function judgeWorkspace(text: string, assume: boolean): Judged {
  const read = parseWorkspace(text, ownVariables(), { assume })
  // Whether a loopback address may be posted to, the server knows.
  const judged = (document: object, { faultAt, assumed }: Pick<WorkspaceFile, 'faultAt' | 'assumed'>) =>
    workspaceFaults(document, { allowLoopbackWebhooks: true })
      .map(faultAt)
      .filter(({ path }) => !assumed.has(path))
  if ('document' in read) return { faults: judged(read.document, read), workspace: read }
  const { faults, draft, faultAt, assumed } = read
  const told = new Set(faults.map(({ path }) => path))
  const more = draft && faultAt ? judged(draft, { faultAt, assumed }) : []
  return { faults: inOrder([...faults, ...more.filter(({ path }) => !told.has(path))]) }
}

type Named = Pick<Judged, 'parsed' | 'workspace'> & { path: string }

/**
 * What keeps a flow from being deployed beside the files before it and the workspace of the same folder, as far as these tell: the
 * same id twice, leads that two flows take with the same right, names that the workspace does not have.
 */
export function atOdds(parsed: ParsedFlow, before: Named[], workspace: WorkspaceDocument | undefined): FlowFault[] {
  const { flow, faultAt } = parsed
  const twin = before.find((it) => it.parsed?.flow.id === flow.id)
  const flows = before.flatMap((it) => (it.parsed ? [it.parsed.flow] : []))
  return [
    ...(twin ? [faultAt(['id'], `the flow ${flow.id} is also in ${twin.path}`)] : []),
    ...misfits(parsed, { flows, names: namesOf(parsed, workspace) }),
  ]
}

/** A section that the file leaves out stays on the server as it is, secrets stay in any case: what flows name there is taken as known. */
function namesOf({ flow }: ParsedFlow, workspace: WorkspaceDocument = {}): WorkspaceNames {
  const own = referencesOf(flow)
  const known = (among: keyof WorkspaceNames) => own.filter((it) => it.among === among).map(({ name }) => name)
  const names = (among: keyof WorkspaceNames, section: { name?: string }[] | undefined) =>
    section?.flatMap(({ name }) => name ?? []) ?? known(among)
  const { calendars, voices, handoffs, webhooks, templates } = workspace
  return {
    calendars: names('calendars', calendars),
    voices: names('voices', voices),
    queues: names('queues', handoffs),
    webhooks: names('webhooks', webhooks),
    secrets: known('secrets'),
    sms: names(
      'sms',
      templates?.filter(({ sms }) => sms),
    ),
    whatsapp: names(
      'whatsapp',
      templates?.filter(({ whatsapp }) => whatsapp),
    ),
  }
}
