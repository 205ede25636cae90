import { eventNames, events } from './events.ts'
import { problemsOf } from './failures.ts'
import { fence, fieldTable, jsonFence, table } from './markdown.ts'
import { type Operation, pathParameters, snake } from './operation.ts'
import { type OperationId, operationIds, operations } from './operations.ts'
import { problemIndex, reference } from './pages.ts'
import { problemExamples } from './problem-examples.ts'
import { type ProblemCode, problemCodes, problems } from './schemas/problem.ts'

/** The whole contract in Markdown, for a server at `url`. */
export const referenceMarkdown = (url: string): string =>
  [
    `# ${reference.title}`,
    `${reference.summary} The same as a machine reads it: [OpenAPI 3.1](${url}/openapi.json).`,
    operationTable(),
    ...operationIds.map((id) => operationMarkdown(id, url)),
    '## Events',
    `Posted to your endpoints as JSON, signed; [Webhooks](${url}/docs/webhooks) says how.`,
    eventTable(),
    ...eventNames.map((name) => `### ${name}\n\n${fieldTable(events[name].payload, 'output')}`),
  ].join('\n\n')

/** The eight operations, one a row. */
export const operationTable = (): string =>
  table(
    ['operation', 'MCP tool', 'HTTP', 'what'],
    operationIds.map((id) => [
      `\`${id}\``,
      `\`${snake(id)}\``,
      `\`${operations[id].method.toUpperCase()} ${operations[id].path}\``,
      operations[id].summary,
    ]),
  )

/** The eight events, one a row. */
export const eventTable = (): string =>
  table(
    ['event', 'what'],
    eventNames.map((name) => [`\`${name}\``, events[name].summary]),
  )

/** One operation: what it does, what it takes and gives, how it fails, and one example. */
export function operationMarkdown(id: OperationId, url: string): string {
  const it: Operation = operations[id]
  const statuses = [String(it.success), ...Object.keys(it.successes ?? {})].join(' or ')
  return [
    `## ${id}`,
    `\`${it.method.toUpperCase()} ${it.path}\` · tool \`${snake(id)}\` · scope \`${it.scope}\``,
    `${it.summary} ${it.description}`,
    '### Input',
    fieldTable(it.input, 'input'),
    `### Output, ${statuses}`,
    fieldTable(it.output, 'output'),
    '### Problems',
    problemsOf(it)
      .map((code) => `[\`${code}\`](${url}/docs/problems/${code}) ${problems[code][0]}`)
      .join(', '),
    '### Example',
    curlOf(it, url),
    jsonFence(it.examples.output, statuses),
  ].join('\n\n')
}

/** All problem codes with what they mean and what to do, each linked to its page. */
export const problemsMarkdown = (url: string): string =>
  [
    `# ${problemIndex.title}`,
    'What an error answer can be about: `application/problem+json` after RFC 9457, over HTTP and as the text of a failed tool.',
    table(
      ['code', 'HTTP', 'means', 'what to do'],
      problemCodes.map((code) => {
        const [status, title, action] = problems[code]
        return [`[\`${code}\`](${url}/docs/problems/${code})`, String(status), title, action]
      }),
    ),
    'If several apply, the first of this list names the problem; `errors` has them all.',
  ].join('\n\n')

/** What the contract keeps a place for. */
const notEnforced: ProblemCode[] = ['quota_exceeded', 'rate_limited']

/** The page that the `type` of a problem points to. */
export function problemMarkdown(code: ProblemCode, url: string): string {
  const [status, title, action] = problems[code]
  return [
    `# ${title}`,
    `\`${code}\`, HTTP ${status}`,
    '## What to do',
    action,
    '## Example',
    jsonFence(problemExamples(url)[code], `${status}, application/problem+json`),
    '`detail` says what was wrong with this request, `errors` where it was wrong, each with a JSON pointer, and ' +
      '`suggested_action` what to do next. Quote `request_id` when you ask for help.',
    '## Who answers it',
    answeredBy(code, url),
    `All of them: [Problems](${url}/docs/problems).`,
  ].join('\n\n')
}

function answeredBy(code: ProblemCode, url: string): string {
  if (notEnforced.includes(code))
    return 'Part of the contract, so that clients can be ready for it; no operation answers it in this version.'
  if (code === 'method_not_allowed') return 'Every path of this server, for the methods that it does not have.'
  const origins = operationIds.filter((id) => problemsOf(operations[id]).includes(code))
  if (origins.length === 0) return 'The routes under `/workspace`, which are for administrators.'
  return origins
    .map((id) => `- [\`${id}\`](${url}/docs/reference#${id.toLowerCase()}): ${operations[id].summary}`)
    .join('\n')
}

/** The example of an operation as a command to paste. */
export function curlOf(it: Operation, url: string): string {
  const inPath = pathParameters(it)
  const path = inPath.reduce((text, name) => text.replace(`{${name}}`, String(it.examples.input[name])), it.path)
  const rest = Object.entries(it.examples.input).filter(([name]) => !inPath.includes(name))
  const query = new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)])).toString()
  const key = '-H "Authorization: Bearer $TALKIF_KEY"'
  if (it.method !== 'post') {
    const verb = it.method === 'get' ? '' : `-X ${it.method.toUpperCase()} `
    return fence('sh', `curl ${verb}"${url}${path}${query ? `?${query}` : ''}" ${key}`)
  }
  const body = JSON.stringify(Object.fromEntries(rest), null, 2).replaceAll("'", "'\\''").replaceAll('\n', '\n  ')
  const lines = [`curl -X POST ${url}${path}`, key, '-H "Content-Type: application/json"', `-d '${body}'`]
  return fence('sh', lines.join(' \\\n  '), `${it.method.toUpperCase()} ${it.path}`)
}
