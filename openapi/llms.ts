import { identity } from './identity.ts'
import { operationIds, operations } from './operations.ts'
import { docsPages, type Page, problemIndex, problemPage, twinOf } from './pages.ts'
import { linkTo } from './parts.ts'
import { sandboxPeople } from './sandbox-people.ts'
import { problemCodes } from './schemas/problem.ts'

/**
 * `/llms.txt`: what there is to read, for a model. H1, blockquote, prose without headings, then H2 lists of links; what
 * stands under "Optional" may be skipped.
 * @see https://llmstxt.org
 */
export function llmsText(url: string): string {
  const twin = (page: Page) => linkTo(page, `${url}${twinOf(page)}`)
  const link = (path: string, title: string, summary: string) => linkTo({ path, title, summary }, `${url}${path}`)
  return `${[
    `# ${identity.title}`,
    `> ${identity.description}`,
    `Base URL: ${url}. Authenticate with \`Authorization: Bearer\` and an API key: \`tk_test_…\` calls the people of a sandbox, free and ` +
      `without any account (${sandboxPeople[0]!.number} answers and books); \`tk_live_…\` rings real phones.`,
    [
      ...operationIds.map(
        (id) =>
          `- \`${operations[id].method.toUpperCase()} ${operations[id].path}\` (${id}): ${operations[id].summary}`,
      ),
      `- The same eight as MCP tools: \`${url}/mcp\`, streamable HTTP, the same key.`,
      '- Place a call with `createLead`, then `getCall` with `wait`: it answers when the call is over. There is no need to poll.',
      '- Every error is `application/problem+json` with a stable `code` and a `suggested_action`.',
    ].join('\n'),
    `## Docs`,
    docsPages.map(twin).join('\n'),
    `## Machine-readable`,
    [
      link('/openapi.json', 'OpenAPI 3.1', 'the contract: operations, webhooks, problems, examples.'),
      link('/schemas', 'JSON Schemas', 'every object and event, 2020-12.'),
      link('/.well-known/api-catalog', 'API catalog', 'RFC 9727 linkset of the API and the MCP server.'),
      link('/mcp/server-card', 'MCP server card', 'where the MCP server is and how to connect.'),
      link('/.well-known/agent-skills/index.json', 'Agent skills', 'call a lead; write a flow.'),
    ].join('\n'),
    `## Optional`,
    [
      link('/llms-full.txt', 'Everything in one file', 'all pages above, whole.'),
      ...problemCodes.map(problemPage).map(twin),
    ].join('\n'),
  ].join('\n\n')}\n`
}

/** `/llms-full.txt`: every page, whole, one after the other. `textOf` gives the Markdown of a page. */
export function llmsFullText(url: string, textOf: (page: Page) => string): string {
  const pages = docsPages.filter((page) => page !== problemIndex)
  return [
    `# ${identity.title}\n\n> ${identity.description}\n`,
    ...[...pages, problemIndex].map((page) => `${textOf(page).trimEnd()}\n\nSource: ${url}${page.path}\n`),
  ].join('\n')
}
