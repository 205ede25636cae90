import type { NotFoundHandler } from 'hono'
import { html } from 'hono/html'
import { guides, HTML, type Page, notFound as page, problemIndex, reference, tryIt } from '../openapi/pages.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import { preferred } from './accept.ts'
import type { Env } from './app.ts'
import { pageHeaders, printPage } from './pages.ts'
import { problemResponse } from './problem-response.ts'

/** Where nothing is: a page for browsers, if this process has pages; the problem `not_found` for everybody else. */
export function notFound({ config: { publicUrl }, log }: Deps, hasPages: boolean): NotFoundHandler<Env> {
  const text = printPage({ page, url: publicUrl, body: String(body()), layout: 'docs' })
  return (context) => {
    const { method, path } = context.req
    const isRead = method === 'GET' || method === 'HEAD'
    // What is at a well-known address is for programs.
    const mayBePage = hasPages && isRead && !path.startsWith('/.well-known/')
    if (mayBePage && preferred(context, 'application/problem+json', 'application/json', 'text/html') === 'text/html')
      return new Response(text, { status: 404, headers: { ...pageHeaders, 'content-type': HTML, vary: 'accept' } })
    const error = new ProblemError('not_found', `There is nothing at ${method} ${path}.`, {
      suggestedAction: 'Read /openapi.json for the paths this server has.',
    })
    const response = problemResponse(error, context.get('requestId'), publicUrl, log)
    if (mayBePage) response.headers.set('vary', 'accept')
    return response
  }
}

const body = () => html`<h1>${page.title}</h1><p>${page.summary} Perhaps you look for one of these:</p>
<ul>${[guides.quickstart, tryIt, reference, problemIndex].map(item)}</ul>`

const item = ({ path, title, summary }: Page) => html`<li><a href="${path}">${title}</a>: ${summary}</li>`
