import type { Caller, Deps } from '../deps.ts'
import { flowStamp } from '../flows/routing.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { leadFaults, normaliseLead, type RoutedLead } from './read-lead.ts'

/**
 * Which flow a lead would get, and what every flow says to it; nothing is stored and nobody is called.
 * @throws phone_invalid, lead_invalid; no_flow_matches for a flow that the lead names and that is not there.
 */
export async function explainRoute(
  deps: Pick<Deps, 'db' | 'sql' | 'clock' | 'routers'>,
  caller: Caller,
  lead: RoutedLead,
) {
  const facts = await traitsOf(lead, deps.clock.now())
  const { sql } = deps
  const [row] = await sql`select (${flowStamp(sql, sql`${caller.workspaceId}`)}) as stamp`
  const routing = { workspaceId: caller.workspaceId, stamp: row!.stamp as string }
  const chosen = await deps.routers.route(deps.db, routing, facts, lead.flow_id).catch((error) => {
    const isAnswer = error instanceof ProblemError && error.code === 'no_flow_matches' && lead.flow_id === undefined
    if (isAnswer) return { id: null, version: null, why: error.message }
    throw error
  })
  return {
    flow_id: chosen.id,
    version: chosen.version,
    why: chosen.why,
    language: facts.language ?? null,
    flows: await deps.routers.explain(deps.db, routing, facts, lead.flow_id),
  }
}

/**
 * What a lead is routed by. One that gives no language has that of its number's country, as at the intake.
 * @param now epoch milliseconds.
 * @throws phone_invalid, lead_invalid for a country that is none.
 */
export async function traitsOf(lead: RoutedLead, now: number) {
  const { source, campaign, intent, language } = lead
  const told = { source, campaign, intent, isLanguageDerived: language === undefined }
  const { phone } = lead
  if (phone === undefined) return { ...told, language }
  const faults = leadFaults({ ...lead }, now).filter(({ pointer }) => ['/phone', '/country'].includes(pointer))
  if (faults.length) throw problemOf(faults)
  return { ...told, language: language ?? (await normaliseLead({ ...lead, phone })).language }
}
