import { eventExamples } from './event-examples.ts'
import { EXAMPLE_URL, flowYaml, leadReceipt } from './examples.ts'
import { printSchema } from './json-schema.ts'
import { fence, jsonFence, number, table } from './markdown.ts'
import { MAX_BODY, scopes } from './operation.ts'
import { operationIds, operations } from './operations.ts'
import type { Page } from './pages.ts'
import { curlOf, eventTable, operationTable } from './reference.ts'
import { sandboxColleagues, sandboxNumber, sandboxPeople } from './sandbox-people.ts'
import { FlowDocument } from './schemas/flow-document.ts'
import { MAX_DAYS_AHEAD } from './schemas/lead.ts'
import { WorkspaceDocument } from './schemas/workspace.ts'
import { engineVoices } from './schemas/workspace-sections.ts'

/** Printed Markdown by its name. */
export type Parts = Record<string, string>

/** What stands for `{{name}}` in a guide: all that the contract knows, so that no guide types it again. `url` is the server's. */
export const contractParts = (url: string): Parts => ({
  url,
  person: sandboxPeople[0]!.number,
  'sandbox-number': sandboxNumber,
  'create-lead': curlOf(operations.createLead, url),
  'lead-receipt': jsonFence(leadReceipt, '202 Accepted'),
  'booked-event': jsonFence(eventExamples['outcome.booked'], 'WEBHOOK outcome.booked').replaceAll(EXAMPLE_URL, url),
  flow: fence('yaml', flowYaml, 'flows/pricing-v3.yaml'),
  operations: operationTable(),
  events: eventTable(),
  people: table(
    ['number', 'who', 'what happens', 'how the call ends'],
    sandboxPeople.map(({ number: phone, name, summary, outcome }) => [`\`${phone}\``, name, summary, outcome]),
  ),
  colleague: sandboxColleagues[0]!.number,
  colleagues: table(
    ['number', 'who', 'what happens'],
    sandboxColleagues.map(({ number: phone, name, summary }) => [`\`${phone}\``, name, summary]),
  ),
  scopes: scopes.map((scope) => `\`${scope}\``).join(', '),
  voices: engineVoices.map((voice) => `\`${voice}\``).join(', '),
  'body-limits': bodyLimits(),
  'count-limits': countLimits(),
})

export const linkTo = ({ title, summary }: Page, href: string): string => `- [${title}](${href}): ${summary}`

/** @throws Error for a part that does not exist: told when the server starts, and by a test. */
export const fill = (text: string, parts: Parts): string =>
  text.replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => {
    const part = parts[name]
    if (part === undefined) throw new Error(`there is no printed part {{${name}}}`)
    return part
  })

function bodyLimits(): string {
  const rows = operationIds
    .filter((id) => operations[id].method === 'post')
    .map((id) => [`\`${id}\``, `${number(Math.floor((operations[id].maxBody ?? MAX_BODY) / 1024))} kB`])
  return table(['body of', 'at most'], rows)
}

/** How many of something there may be, by where the contract says so: a path into its JSON Schema, and the bound's keyword. */
function countLimits(): string {
  const lead = printSchema(operations.createLead.input, 'input')
  const workspace = printSchema(WorkspaceDocument, 'input')
  const flow = printSchema(FlowDocument, 'output')
  const list = printSchema(operations.createList.input, 'input')
  const wait = printSchema(operations.getCall.input, 'input')
  const page = printSchema(operations.listNumbers.input, 'input')
  return table(
    ['what', 'at most'],
    [
      ['rows of a list', bound(list, 'properties.leads.maxItems')],
      ['items of a page (`limit`)', bound(page, 'properties.limit.maximum')],
      ['`wait` of a call, in seconds', bound(wait, 'properties.wait.maximum')],
      ['pairs in `metadata` of a lead', bound(lead, 'properties.metadata.maxProperties')],
      ['`call_within` of a lead, in seconds', bound(lead, 'properties.call_within.maximum')],
      ['days from now to `not_before` of a lead', number(MAX_DAYS_AHEAD)],
      ['slots of a flow (`qualify`)', bound(flow, 'properties.qualify.maxItems')],
      ['actions after one outcome of a flow', bound(flow, 'properties.on.properties.qualified.maxItems')],
      [
        'length of a call, in seconds (`call.max_duration`)',
        bound(flow, 'properties.call.properties.max_duration_seconds.maximum'),
      ],
      ['`knowledge` of a flow, in characters', bound(flow, 'properties.agent.properties.knowledge.anyOf.0.maxLength')],
      ['webhook endpoints of a workspace', bound(workspace, 'properties.webhooks.maxItems')],
      ['calendars of a workspace', bound(workspace, 'properties.calendars.maxItems')],
      ['outbound numbers of a workspace', bound(workspace, 'properties.numbers.maxItems')],
    ],
  )
}

/** @throws Error when the schema has no such bound any more. */
function bound(schema: unknown, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], schema)
  if (typeof value !== 'number') throw new Error(`the contract has no ${path}`)
  return number(value)
}
