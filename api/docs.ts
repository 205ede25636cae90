import { llmsFullText, llmsText } from '../openapi/llms.ts'
import { once } from '../openapi/once.ts'
import {
  type Document,
  docsPages,
  type GuideName,
  guides,
  type LiveDocument,
  landing,
  type Page,
  printedLate,
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
 * The docs of a server at `url`: every page as HTML and as Markdown, and the texts that list them; each is printed when it is first
 * read. Then it throws when its guide is missing or names a part that does not exist.
 */
export function docsDocuments(url: string, version: string): (Document | LiveDocument)[] {
  const parts = once(() => partsOf(url))
  const guide = (name: GuideName | 'index') => once(() => guideMarkdown(name, parts()))
  const texts = new Map<Page, () => string>([
    ...(Object.keys(guides) as GuideName[]).map((name): [Page, () => string] => [guides[name], guide(name)]),
    [reference, once(() => referenceMarkdown(url))],
    [problemIndex, once(() => problemsMarkdown(url))],
    ...problemCodes.map((code): [Page, () => string] => [problemPage(code), once(() => problemMarkdown(code, url))]),
  ])
  return [
    ...landingDocuments(guide('index'), url, version),
    ...explorerDocuments(
      once(() => docsIndex(url)),
      texts.get(reference)!,
      url,
    ),
    ...[...texts].flatMap(([page, markdown]) => {
      const text = () => printPage({ page, url, body: renderMarkdown(markdown(), url), layout: 'docs' })
      return withTwin(page, url, markdown, text, pageHeaders)
    }),
    printedLate(
      { path: '/llms.txt', type: PLAIN },
      once(() => llmsText(url)),
    ),
    printedLate(
      { path: '/llms-full.txt', type: PLAIN },
      once(() => llmsFullText(url, (page) => texts.get(page)!())),
    ),
    { path: '/favicon.svg', type: 'image/svg+xml', text: icon },
  ]
}

/** The landing page shows its commands with the address that the visitor came by. */
function landingDocuments(markdown: () => string, url: string, version: string): LiveDocument[] {
  const text = () => {
    const head = structuredData(url, version)
    return printPage({ page: landing, url, body: renderMarkdown(markdown(), url), head, layout: 'landing' })
  }
  return withTwin(landing, url, markdown, text, pageHeaders).map((document) => live(document, url))
}

function live(document: Document, url: string): LiveDocument {
  const { path, type, headers, alternate } = document
  return {
    path,
    type,
    print: (asked) => ({
      text: document.text.replaceAll(url, asked.url),
      headers: { ...headers, link: `${serviceLinks(asked.url)}, ${headers?.link?.replaceAll(url, asked.url)}` },
    }),
    ...(alternate ? { alternate: live(alternate, url) } : {}),
  }
}

/** The Markdown twin of the explorer: where everything is. */
const docsIndex = (url: string): string =>
  ['# Docs', ...docsPages.map((page) => linkTo(page, `${url}${twinOf(page)}`))].join('\n\n')
