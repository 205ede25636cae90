import { compileRouter } from '../../flows/language/matcher.ts'
import { readShape } from '../../openapi/faults.ts'
import { nearest } from '../../openapi/nearest.ts'
import { traitsOf } from '../../runtime/leads/explain-route.ts'
import { RoutedLead } from '../../runtime/leads/read-lead.ts'
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

/** By the flow files, with the code that the server routes by. @throws CommandError for a lead with faults, or that names no flow of them. */
async function routedHere(
  given: Record<string, unknown>,
  { options, out }: Pick<Invocation<Options, [string]>, 'options' | 'out'>,
): Promise<Routed> {
  const { data: lead, faults } = readShape(RoutedLead, given)
  if (!lead) throw new CommandError(faults.map(({ detail }) => detail).join(' '), 'Give the body of POST /v1/leads.')
  const traits = await traitsOf(lead, Date.now())
  const sources = await readSources(options.dir === undefined ? [] : [options.dir], out, { assume: true })
  allValid(sources, out)
  const flows = sources.flatMap(({ parsed }) =>
    parsed ? [{ id: parsed.flow.id, version: 1, match: parsed.flow.match }] : [],
  )
  const ids = flows.map(({ id }) => id)
  if (lead.flow_id && !ids.includes(lead.flow_id)) throw noSuchFlow(lead.flow_id, ids)
  const verdicts = compileRouter(flows).explain(traits, lead.flow_id)
  const chosen = verdicts.find(({ verdict }) => verdict === 'chosen')
  return {
    flow_id: chosen?.flow_id ?? null,
    flows: verdicts.map(({ flow_id, verdict, why }) => ({ flow_id, verdict, why })),
  }
}

function noSuchFlow(id: string, ids: string[]): CommandError {
  const meant = nearest(id, ids)
  return new CommandError(
    `There is no flow ${id} in these files.`,
    meant ? `Did you mean ${meant}?` : `There are: ${ids.join(', ')}.`,
  )
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
