import type { Caller, Deps } from '../deps.ts'
import { flowStamp } from '../flows/routing.ts'
import { ProblemError, problemOf } from '../problem.ts'
import { leadFaults, normaliseLead, type RoutedLead } from './read-lead.ts'

/**
 * Which flow a lead would get, and what every flow says to it; nothing is stored and nobody is called. A lead that gives no language
 * has that of its number's country, as at the intake.
 * @throws phone_invalid.
 */
export async function explainRoute(
  deps: Pick<Deps, 'db' | 'sql' | 'clock' | 'routers'>,
  caller: Caller,
  lead: RoutedLead,
) {
  const { source, campaign, intent } = lead
  const language = lead.language ?? (await derivedLanguage(deps, lead))
  const facts = { source, campaign, intent, language, isLanguageDerived: lead.language === undefined }
  const { sql } = deps
  const [row] = await sql`select (${flowStamp(sql, sql`${caller.workspaceId}`)}) as stamp`
  const routing = { workspaceId: caller.workspaceId, stamp: row!.stamp as string }
  const chosen = await deps.routers.route(deps.db, routing, facts, lead.flow_id).catch((error) => {
    if (error instanceof ProblemError && error.code === 'no_flow_matches')
      return { id: null, version: null, why: error.message }
    throw error
  })
  return {
    flow_id: chosen.id,
    version: chosen.version,
    why: chosen.why,
    language: language ?? null,
    flows: await deps.routers.explain(deps.db, routing, facts),
  }
}

async function derivedLanguage({ clock }: Pick<Deps, 'clock'>, lead: RoutedLead): Promise<string | undefined> {
  if (lead.phone === undefined) return undefined
  const faults = leadFaults({ ...lead }, clock.now()).filter(({ pointer }) => pointer === '/phone')
  if (faults.length) throw problemOf(faults)
  return (await normaliseLead({ ...lead, phone: lead.phone })).language
}
