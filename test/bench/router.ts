import { compileRouter } from '../../flows/language/matcher.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import { systemClock } from '../../runtime/clock.ts'
import { flows, flowVersions } from '../../runtime/db/schema.ts'
import { Routers } from '../../runtime/flows/routing.ts'
import { readIntakes } from '../../runtime/leads/intake.ts'
import { type Figure, percentile, round, spread } from './figures.ts'
import { phoneOf } from './leads.ts'
import type { Stage } from './stage.ts'

const FLOWS = 1000
const SOURCES = ['web_form', 'meta_lead_ads', 'google_ads', 'crm', 'partner']

/** Flows as a large customer has them: by campaign, intent, source and language, some of them open to anything. */
function manyFlows(): { yaml: string; flow: Flow }[] {
  return Array.from({ length: FLOWS }, (_, at) => {
    const match = [
      `  source: [${SOURCES[at % 5]}, ${SOURCES[(at + 1) % 5]}]`,
      ...(at % 7 ? [`  intent: intent_${at % 50}`] : []),
      ...(at % 3 ? [`  campaign: campaign_${at % 200}`] : []),
      ...(at % 2 ? ['  language: [tr, en]'] : []),
    ]
    const yaml = `id: flow_${String(at).padStart(4, '0')}\nmatch:\n${match.join('\n')}\nqualify:\n  - need - budget\n`
    const parsed = parseFlow(yaml)
    if ('faults' in parsed) throw new Error(parsed.faults[0]?.message)
    return { yaml, flow: parsed.flow }
  })
}

const leadAt = (at: number) => ({
  ...{ source: SOURCES[at % 5]!, intent: `intent_${at % 60}`, campaign: `campaign_${at % 220}` },
  ...{ language: at % 3 ? 'en-US' : 'tr', isLanguageDerived: at % 4 === 0 },
})

export async function routing(stage: Stage, { leads }: { leads: number }): Promise<Figure[]> {
  const many = manyFlows()
  const router = compileRouter(many.map(({ flow }) => ({ id: flow.id, version: 1, match: flow.match })))
  const alone = timed(leads, (at) => router.route(leadAt(at)))
  const whole = await wholePath(stage, many, leads / 20)
  return [
    {
      ...{ name: `flow router, ${FLOWS} flows, p99`, value: percentile(alone.least, 0.99), unit: 'ms', limit: 1 },
      note: `${spread(alone.least)} leads, the least of three times each; of the first times p99 ${round(percentile(alone.first, 0.99))}`,
    },
    {
      ...{ name: `flow router with its look at the database, ${FLOWS} flows, p99`, unit: 'ms', limit: null },
      ...{
        value: percentile(whole, 0.99),
        note: `${spread(whole)} leads; with all that intake reads in the same statement`,
      },
    },
  ]
}

/** Each lead's first time, and the least of three: what is longer is the machine's other work. The first tenth is warm-up. */
function timed(count: number, run: (at: number) => unknown): { first: number[]; least: number[] } {
  const [first, least]: [number[], number[]] = [[], []]
  const once = (at: number) => {
    const start = performance.now()
    run(at)
    return performance.now() - start
  }
  for (let at = 0; at < count * 1.1; at++) {
    const took = [once(at), once(at), once(at)] as const
    if (at < count * 0.1) continue
    first.push(took[0])
    least.push(Math.min(...took))
  }
  return { first, least }
}

async function wholePath(stage: Stage, many: { yaml: string; flow: Flow }[], count: number): Promise<number[]> {
  const { db, sql, newWorkspace } = await stage.newDatabase()
  const { id: workspaceId } = await newWorkspace()
  const createdAt = new Date()
  await db.insert(flows).values(many.map(({ flow }) => ({ workspaceId, id: flow.id, version: 1, createdAt })))
  await db.insert(flowVersions).values(
    many.map(({ yaml, flow }) => ({
      ...{ workspaceId, flowId: flow.id, version: 1, hash: flow.id, yaml },
      ...{ definition: flow, createdAt },
    })),
  )
  const routers = new Routers()
  const took: number[] = []
  for (let at = 0; at < count * 1.1; at++) {
    const start = performance.now()
    const phone = phoneOf(at)
    const intakes = await readIntakes({ sql, clock: systemClock }, { workspaceId, mode: 'test' }, [phone])
    const { flowStamp: stamp } = intakes.get(phone)!
    await routers.route(db, { workspaceId, stamp }, leadAt(at)).catch(() => undefined)
    if (at >= count * 0.1) took.push(performance.now() - start)
  }
  return took
}
