import { llmsFullText, llmsText } from '../openapi/llms.ts'
import {
  type Document,
  docsPages,
  type GuideName,
  guides,
  type LiveDocument,
  landing,
  type Page,
  problemIndex,
  problemPage,
  reference,
  serviceLinks,
  twinOf,
} from '../openapi/pages.ts'
import { linkTo } from '../openapi/parts.ts'
import { problemMarkdown, problemsMarkdown, referenceMarkdown } from '../openapi/reference.ts'
import { problemCodes } from '../openapi/schemas/problem.ts'
import { explorerDocuments } from './explorer.ts'
import { guideMarkdown, partsOf } from './guides.ts'
import { structuredData } from './json-ld.ts'
import { icon, pageHeaders, printPage, withTwin } from './pages.ts'
import { renderMarkdown } from './render-markdown.ts'

const PLAIN = 'text/plain; charset=utf-8'

/**
 * The docs of a server at `url`: every page as HTML and as Markdown, and the texts that list them.
 * @throws Error when a guide is missing or names a part that does not exist.
 */
export function docsDocuments(url: string, version: string): (Document | LiveDocument)[] {
  const parts = partsOf(url)
  const texts = new Map<Page, string>([
    ...(Object.keys(guides) as GuideName[]).map((name): [Page, string] => [guides[name], guideMarkdown(name, parts)]),
    [reference, referenceMarkdown(url)],
    [problemIndex, problemsMarkdown(url)],
    ...problemCodes.map((code): [Page, string] => [problemPage(code), problemMarkdown(code, url)]),
  ])
  return [
    ...landingDocuments(guideMarkdown('index', parts), url, version),
    ...explorerDocuments(docsIndex(url), texts.get(reference)!, url),
    ...[...texts].flatMap(([page, markdown]) => {
      const body = renderMarkdown(markdown, url)
      return withTwin(page, url, markdown, printPage({ page, url, body, layout: 'docs' }), pageHeaders)
    }),
    { path: '/llms.txt', type: PLAIN, text: llmsText(url) },
    { path: '/llms-full.txt', type: PLAIN, text: llmsFullText(url, (page) => texts.get(page)!) },
    { path: '/favicon.svg', type: 'image/svg+xml', text: icon },
  ]
}

/** The landing page shows its commands with the address that the visitor came by. */
function landingDocuments(markdown: string, url: string, version: string): LiveDocument[] {
  const head = structuredData(url, version)
  const text = printPage({ page: landing, url, body: renderMarkdown(markdown, url), head, layout: 'landing' })
  return withTwin(landing, url, markdown, text, pageHeaders).map((document) => live(document, url))
}

const live = ({ path, type, text, headers, alternate }: Document, url: string): LiveDocument => ({
  path,
  type,
  print: (asked) => ({
    text: text.replaceAll(url, asked.url),
    headers: { ...headers, link: `${serviceLinks(asked.url)}, ${headers?.link?.replaceAll(url, asked.url)}` },
  }),
  ...(alternate ? { alternate: live(alternate, url) } : {}),
})

/** The Markdown twin of the explorer: where everything is. */
const docsIndex = (url: string): string =>
  ['# Docs', ...docsPages.map((page) => linkTo(page, `${url}${twinOf(page)}`))].join('\n\n')
