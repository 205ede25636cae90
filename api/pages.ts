import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { identity } from '../openapi/identity.ts'
import { once } from '../openapi/once.ts'
import {
  type Document,
  docsPages,
  guides,
  HTML,
  landing,
  MARKDOWN,
  notFound,
  type Page,
  printedLate,
  reference,
  tryIt,
  twinOf,
} from '../openapi/pages.ts'
import { pageStyle } from './page-style.ts'

type Html = ReturnType<typeof html>

const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** What every page may load: its own style and pictures of this server, and nothing from anywhere else. */
const policy = (more: string) =>
  `default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ${more}`

const headersOf = (contentSecurityPolicy: string): Record<string, string> => ({
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'no-referrer',
  // Asked every time: a page names what the server has now, and asking costs a 304.
  'cache-control': 'public, no-cache',
})

export const pageHeaders = headersOf(policy(`style-src ${sourceOf(pageStyle)}`))

/** Scalar writes styles of its own into the page, and talks to this server alone. */
export const explorerHeaders = headersOf(
  policy("script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; connect-src 'self'"),
)

/** The receiver of a telephone. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0a6b4b"/><path d="M8 9c0-1 1-2 2-2h3l2 5-2.5 1.8a11 11 0 0 0 5.7 5.7L20 17l5 2v3c0 1-1 2-2 2C14.700 24 8 17.300 8 9z" fill="#fff"/></svg>`

const topLinks: readonly Page[] = [guides.quickstart, tryIt, guides.mcp]

interface PageContent {
  page: Page
  url: string
  /** HTML. */
  body: string
  /** Further elements of the head. */
  head?: Html
  /** Where the page stands: with the list of all docs, or alone. */
  layout: 'docs' | 'landing' | 'explorer'
}

/** A whole page: head, navigation, body. */
export function printPage({ page, url, body, head, layout }: PageContent): string {
  const title = page === landing ? `${identity.title}: ${identity.description}` : `${page.title} · ${identity.title}`
  const link = (to: Page) =>
    html`<a href="${to.path}"${to.path === page.path ? raw(' aria-current="page"') : ''}>${to.title}</a>`
  const main = html`<main id="content">${raw(body)}</main>`
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><meta name="description" content="${page.summary.replaceAll('`', '')}">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
${page === notFound ? '' : html`<link rel="canonical" href="${url}${page.path}"><link rel="alternate" type="text/markdown" href="${twinOf(page)}">`}
${head ?? ''}<style>${raw(pageStyle)}</style>
</head>
<body class="${layout}">
<a class="skip" href="#content">Skip to content</a>
<header><div><a class="brand" href="/">${raw(icon.replace('<svg', '<svg aria-hidden="true"'))}Talkif</a><nav aria-label="Main">${topLinks.map(link)}</nav></div></header>
${
  layout === 'explorer'
    ? main
    : html`<div class="frame">${layout === 'docs' ? html`<nav aria-label="Docs"><ul>${docsPages.map((it) => html`<li>${link(it)}</li>`)}</ul></nav>` : ''}${main}</div>
<footer><ul>${[guides.quickstart, reference].map((it) => html`<li>${link(it)}</li>`)}<li><a href="/openapi.json">OpenAPI</a></li><li><a href="/llms.txt">llms.txt</a></li><li><a href="/.well-known/security.txt">Security</a></li><li><a href="${identity.license}">Apache-2.0</a></li></ul></footer>`
}
</body>
</html>
`)
}

/** The page, printed when it is first read, which answers its Markdown to whoever prefers that; and the Markdown at a path of its own. */
export function withTwin(
  page: Page,
  url: string,
  markdown: () => string,
  text: () => string,
  headers: Record<string, string>,
): Document[] {
  const path = twinOf(page)
  const link = `<${url}${page.path}>; rel="canonical"`
  const twin = printedLate({ path, type: MARKDOWN, headers: { link } }, markdown)
  const alternate = printedLate(
    { path: page.path, type: MARKDOWN, headers: { link, 'content-location': path } },
    markdown,
  )
  const alternateLink = `<${url}${path}>; rel="alternate"; type="text/markdown"`
  const own = { path: page.path, type: HTML, headers: { ...headers, link: alternateLink }, alternate }
  return [printedLate(own, once(text)), twin]
}
