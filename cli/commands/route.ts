import { compileRouter, type LeadTraits } from '../../flows/language/matcher.ts'
import { readShape } from '../../openapi/faults.ts'
import { normaliseLead, phoneOf, RoutedLead } from '../../runtime/leads/read-lead.ts'
import { CommandError } from '../failure.ts'
import { readObject } from '../files.ts'
import { type Invocation, status } from '../invocation.ts'
import type { Paint } from '../output.ts'
import { allValid, readSources } from '../sources.ts'

interface Options {
  dir?: string
  remote?: boolean
}

/** What became of each flow, the chosen one first. */
interface Routed {
  flow_id: string | null
  flows: { flow_id: string; verdict: 'chosen' | 'outranked' | 'refused'; why: string }[]
}

/** `talkif route`: status 1 when no flow takes the lead. */
export async function route(it: Invocation<Options, [lead: string]>): Promise<number> {
  const { args, options, out } = it
  if (options.remote && options.dir) throw new CommandError('--dir and --remote are two places.', 'Give one of them.')
  const lead = await readObject(args[0])
  const routed = options.remote
    ? await (await it.server()).ask<Routed>('POST', '/workspace/route', { body: lead })
    : await routedHere(lead, it)
  out.show(routed, lines)
  return routed.flow_id === null ? status.failed : status.ok
}

/** By the flow files, with the code that the server routes by. */
async function routedHere(
  lead: Record<string, unknown>,
  { options, out }: Pick<Invocation<Options, [string]>, 'options' | 'out'>,
): Promise<Routed> {
  const traits = await traitsOf(lead)
  const sources = await readSources(options.dir === undefined ? [] : [options.dir], out, { assume: true })
  allValid(sources, out)
  const flows = sources.flatMap(({ parsed }) =>
    parsed ? [{ id: parsed.flow.id, version: 1, match: parsed.flow.match }] : [],
  )
  const verdicts = compileRouter(flows).explain(traits)
  const chosen = verdicts.find(({ verdict }) => verdict === 'chosen')
  return {
    flow_id: chosen?.flow_id ?? null,
    flows: verdicts.map(({ flow_id, verdict, why }) => ({ flow_id, verdict, why })),
  }
}

/** A lead that gives no language has that of its number's country, as on the server. @throws CommandError for a lead with faults. */
async function traitsOf(lead: Record<string, unknown>): Promise<LeadTraits> {
  const { data, faults } = readShape(RoutedLead, lead)
  if (!data) throw new CommandError(faults.map(({ detail }) => detail).join(' '), 'Give the body of POST /v1/leads.')
  const { source, campaign, intent, language } = data
  const phone = phoneOf(lead)
  const derived = language || !phone ? undefined : (await normaliseLead({ ...data, phone })).language
  return { source, campaign, intent, language: language ?? derived, isLanguageDerived: language === undefined }
}

const MARKS = { chosen: ['green', '✓'], outranked: ['yellow', '·'], refused: ['dim', '·'] } as const

function lines({ flow_id, flows }: Routed, paint: Paint): string[] {
  const widest = Math.max(0, ...flows.map((it) => it.flow_id.length))
  return [
    ...(flow_id === null ? [`${paint('red', '✗')} No flow takes this lead.`] : []),
    ...flows.map(({ flow_id, verdict, why }) => {
      const [style, mark] = MARKS[verdict]
      return `${paint(style, mark)} ${flow_id.padEnd(widest)}  ${verdict.padEnd(9)}  ${why}`
    }),
  ]
}
