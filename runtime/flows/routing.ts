import { NAMED } from '../../flows/language/explain.ts'
import { compileRouter } from '../../flows/language/matcher.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Db, Sql, Tx } from '../db/connect.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { readHeads } from './heads.ts'
import { noSuchFlow } from './named.ts'

export interface RoutedFlow {
  id: string
  version: number
  definition: Flow
  /** Why this one. */
  why: string
}

interface RoutingFacts {
  source: string
  campaign?: string | undefined
  intent?: string | undefined
  language?: string | undefined
  isLanguageDerived?: boolean
}

interface WorkspaceFlows {
  stamp: string
  router: ReturnType<typeof compileRouter>
  byId: Map<string, { version: number; definition: Flow }>
}

/** The compiled routers of workspaces, the least recently used forgotten first. */
export class Routers {
  readonly #byWorkspace = new Map<string, WorkspaceFlows>()

  /**
   * The flow for a lead: the one it names, else the best match.
   * @param stamp of the workspace's flows as they are now; the database is read again only when it has changed.
   * @throws no_flow_matches, saying what was looked for.
   */
  async route(
    db: Db | Tx,
    { workspaceId, stamp }: { workspaceId: string; stamp: string },
    facts: RoutingFacts,
    flowId?: string,
  ): Promise<RoutedFlow> {
    const { router, byId } = await this.#flowsOf(db, workspaceId, stamp)
    if (flowId) {
      const named = byId.get(flowId)
      if (named) return { id: flowId, ...named, why: NAMED }
      throw problemOf([noSuchFlow(flowId)])
    }
    const found = router.route(facts)
    const flow = found && byId.get(found.flow_id)
    if (!flow) {
      throw new ProblemError('no_flow_matches', byId.size ? router.refusal(facts) : 'This workspace has no flow yet.')
    }
    return { id: found.flow_id, ...flow, why: found.why }
  }

  /** What every flow of the workspace says to a lead, the chosen one first. */
  async explain(
    db: Db | Tx,
    { workspaceId, stamp }: { workspaceId: string; stamp: string },
    facts: RoutingFacts,
    flowId?: string,
  ) {
    const { router } = await this.#flowsOf(db, workspaceId, stamp)
    return router.explain(facts, flowId)
  }

  async #flowsOf(db: Db | Tx, workspaceId: string, stamp: string): Promise<WorkspaceFlows> {
    const known = this.#byWorkspace.get(workspaceId)
    this.#byWorkspace.delete(workspaceId)
    const fresh = known?.stamp === stamp ? known : await compile(db, workspaceId, stamp)
    this.#byWorkspace.set(workspaceId, fresh)
    if (this.#byWorkspace.size > 500) this.#byWorkspace.delete(this.#byWorkspace.keys().next().value!)
    return fresh
  }
}

/** SQL for the stamp of the flows of a workspace, given as SQL too: versions are immutable, so their ids and numbers together say what each flow is. */
export const flowStamp = (sql: Sql, workspaceId: ReturnType<Sql>) =>
  sql`select md5(coalesce(string_agg(id || '@' || version, ',' order by id), '')) from flows where workspace_id = ${workspaceId} and retired_at is null`

async function compile(db: Db | Tx, workspaceId: string, stamp: string): Promise<WorkspaceFlows> {
  const heads = await readHeads(db, workspaceId)
  return {
    stamp,
    router: compileRouter(heads.map(({ id, version, definition }) => ({ id, version, match: definition.match }))),
    byId: new Map(heads.map(({ id, version, definition }) => [id, { version, definition }])),
  }
}
