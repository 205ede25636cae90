import { completeFlow } from '../../flows/language/defaults.ts'
import { referencesOf, type WorkspaceNames } from '../../flows/language/references.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import type { Tx } from '../db/connect.ts'
import { and, eq, isNull } from '../db/drizzle.ts'
import { flows, flowVersions } from '../db/schema.ts'
import { fault } from './faults.ts'

/** What cannot go while a flow uses it, and the section of the document it stands in. A call without its voice has another one. */
const THINGS = {
  calendars: ['calendar', 'calendars'],
  queues: ['queue', 'handoffs'],
  webhooks: ['webhook', 'webhooks'],
  sms: ['text for SMS of the template', 'templates'],
  whatsapp: ['text for WhatsApp of the template', 'templates'],
  secrets: ['secret', 'secrets'],
} as const satisfies Partial<Record<keyof WorkspaceNames, [what: string, section: keyof WorkspaceDocument]>>

type Thing = keyof typeof THINGS
export type Named = Record<Thing, string[]>

type Sections = Pick<WorkspaceDocument, 'calendars' | 'handoffs' | 'webhooks' | 'templates' | 'secrets'>

/** What flows may name of a workspace that says this. */
function named({ calendars = [], handoffs = [], webhooks = [], templates = [], secrets = {} }: Sections): Named {
  const names = (list: { name?: string | undefined }[]) => list.flatMap(({ name }) => name ?? [])
  return {
    calendars: names(calendars),
    queues: names(handoffs),
    webhooks: names(webhooks),
    sms: names(templates.filter(({ sms }) => sms !== undefined)),
    whatsapp: names(templates.filter(({ whatsapp }) => whatsapp !== undefined)),
    secrets: Object.keys(secrets).filter((name) => secrets[name] !== null),
  }
}

/**
 * One fault for each thing that a document takes away although the current version of a flow uses it: its calls would be stranded.
 * @param now the sections as they stand. @param staying the flows that are asked; all of them when left out.
 */
export async function strandedFaults(
  tx: Tx,
  workspaceId: string,
  now: Sections,
  { document, staying }: { document: WorkspaceDocument; staying?: ReadonlySet<string> | undefined },
): Promise<FieldFault[]> {
  const before = named(now)
  const after = named({ ...now, ...document, secrets: { ...now.secrets, ...document.secrets } })
  const gone = (Object.keys(THINGS) as Thing[]).flatMap((thing) =>
    before[thing].filter((name) => !after[thing].includes(name)).map((name) => ({ thing, name })),
  )
  if (gone.length === 0) return []
  const uses = (await usesOf(tx, workspaceId)).filter(({ flow }) => staying?.has(flow) ?? true)
  return gone.flatMap(({ thing, name }) => {
    const users = uses.filter((it) => it.thing === thing && it.name === name).map(({ flow }) => flow)
    return users.length ? [stranded(thing, name, [...new Set(users)], staying ? NOT_SENT : FIRST)] : []
  })
}

/** What the current versions of flows in force name, in the order of their ids. */
async function usesOf(tx: Tx, workspaceId: string): Promise<{ flow: string; thing: string; name: string }[]> {
  const heads = await tx
    .select({ id: flows.id, definition: flowVersions.definition })
    .from(flows)
    .innerJoin(
      flowVersions,
      and(
        eq(flowVersions.workspaceId, flows.workspaceId),
        eq(flowVersions.flowId, flows.id),
        eq(flowVersions.version, flows.version),
      ),
    )
    .where(and(eq(flows.workspaceId, workspaceId), isNull(flows.retiredAt)))
    .orderBy(flows.id)
  return heads.flatMap(({ id, definition }) =>
    referencesOf(completeFlow(definition)).map(({ among, name }) => ({ flow: id, thing: among, name })),
  )
}

const FIRST = 'deploy the flow without it first.'
/** For a deploy that holds what may be wrong, and not what needs it. */
const NOT_SENT = 'deploy it without, along with these files, or retire it, as it is not among them (--prune).'

function stranded(thing: Thing, name: string, users: string[], next: string): FieldFault {
  const [what, section] = THINGS[thing]
  const more = users.length > 3 ? ` and ${users.length - 3} more` : ''
  return fault(
    section === 'secrets' ? `/secrets/${name}` : `/${section}`,
    `The ${what} ${name} is used by ${users.slice(0, 3).join(', ')}${more}, so it cannot be removed; ${next}`,
  )
}
