import { type ProblemCode, problemCodes, problems } from './schemas/problem.ts'

/** A text that is the same for everybody: printed once, when the server starts. */
export interface Document {
  /** Where it is served, e.g. `/llms.txt`. */
  path: string
  /** Full media type, e.g. `text/plain; charset=utf-8`. */
  type: string
  text: string
  /** Further headers (Link, Content-Signal …). */
  headers?: Record<string, string>
  /** The same in another type, which the same path answers to whoever prefers it (RFC 9110, section 12.5.1). */
  alternate?: Document
}

/** Its text is made when it is first asked for: a server starts without printing what nobody reads yet. */
export const printedLate = (document: Omit<Document, 'text'>, text: () => string): Document => ({
  ...document,
  get text() {
    return text()
  },
})

/** A document whose text depends on the moment, or on the address it was asked at. */
export interface LiveDocument extends Pick<Document, 'path' | 'type'> {
  /** @param asked `now` in epoch milliseconds; `url` of this server as the visitor sees it, without a trailing slash. */
  print(asked: { now: number; url: string }): Pick<Document, 'text' | 'headers'>
  alternate?: LiveDocument
}

export const HTML = 'text/html; charset=utf-8'
export const MARKDOWN = 'text/markdown; charset=utf-8'

/** One page for people, which has a Markdown twin. */
export interface Page {
  path: string
  /** In navigation, the browser's tab and lists of links. */
  title: string
  /** One sentence. */
  summary: string
}

export const landing: Page = {
  path: '/',
  title: 'Talkif',
  summary: 'Wire a lead event, Talkif dials it: the request, the answer, the outcome.',
}

/** What a browser gets where nothing is; no list has it. */
export const notFound: Page = {
  path: '/404',
  title: 'Page not found',
  summary: 'There is nothing at this address.',
}

/** Scalar, for trying operations in the browser; its twin is the list of all pages. */
export const tryIt: Page = {
  path: '/docs',
  title: 'API explorer',
  summary: 'Every operation, with forms to try it in the browser.',
}

export const reference: Page = {
  path: '/docs/reference',
  title: 'Reference',
  summary: 'The eight operations and eight events: input, output, problems, examples.',
}

export const problemIndex: Page = {
  path: '/docs/problems',
  title: 'Problems',
  summary: 'Everything an error answer can be about, and what to do next.',
}

/** Pages whose text is `docs/<name>.md`; `{{…}}` in it is printed (`openapi/parts.ts`). */
export const guides = {
  quickstart: page('quickstart', 'Quickstart', 'From nothing to a finished call in five minutes, without any account.'),
  webhooks: page('webhooks', 'Webhooks', 'Receive outcomes: signatures, retries, dead letters, rotation of secrets.'),
  flows: page('flows', 'Flows', 'The YAML that says whom to call, what to ask and what follows.'),
  workspace: page(
    'workspace',
    'Workspace',
    'talkif.yaml: calendars, voices, templates, queues, webhooks, secrets, caps.',
  ),
  calendars: page('calendars', 'Calendars', 'Where calls book: Talkif itself, CalDAV or Cal.com.'),
  handoffs: page('handoffs', 'Handoffs', 'People take over during the call: queues, the brief, what came of it.'),
  messages: page('messages', 'Messages', 'Texts by SMS and WhatsApp after a call: templates, hours, delivery, STOP.'),
  'test-numbers': page('test-numbers', 'Test numbers', 'The people of the sandbox phone network, whom test keys call.'),
  simulate: page(
    'simulate',
    'Simulate',
    'A test suite for flows: people who answer as you say, and what must come of it.',
  ),
  cli: page('cli', 'Command line', 'The command talkif: servers, flows from git, leads, calls, keys, lists.'),
  mcp: page('mcp', 'MCP', 'Give an agent the eight operations as tools, in the usual clients.'),
  limits: page('limits', 'Limits', 'Sizes, waits, caps and hours, with their numbers.'),
  operating: page('operating', 'Operating', 'Run Talkif on your own machines: configuration, roles, crashes.'),
} satisfies Record<string, Page>

export type GuideName = keyof typeof guides

function page(name: string, title: string, summary: string): Page {
  return { path: `/docs/${name}`, title, summary }
}

export const problemPage = (code: ProblemCode): Page => ({
  path: `/docs/problems/${code}`,
  title: problems[code][1],
  summary: `The problem \`${code}\`, HTTP ${problems[code][0]}, and what to do about it.`,
})

/** The docs in the order of their navigation. */
export const docsPages: readonly Page[] = [...Object.values(guides), reference, problemIndex]

/** Every page there is: the sitemap. */
export const allPages: readonly Page[] = [landing, tryIt, ...docsPages, ...problemCodes.map(problemPage)]

/** Where the Markdown twin of a page is. */
export const twinOf = ({ path }: Page): string => (path === '/' ? '/index.md' : `${path}.md`)

/** The `Link` header (RFC 8288) that leads from an entrance to the contract, the docs and the catalog. */
export const serviceLinks = (url: string): string =>
  [
    `<${url}/openapi.json>; rel="service-desc"; type="application/json"`,
    `<${url}/docs>; rel="service-doc"; type="text/html"`,
    `<${url}/.well-known/api-catalog>; rel="api-catalog"`,
  ].join(', ')
