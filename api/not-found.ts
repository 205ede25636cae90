import type { Hono, NotFoundHandler } from 'hono'
import { html } from 'hono/html'
import { guides, HTML, type Page, notFound as page, problemIndex, reference, tryIt } from '../openapi/pages.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import { preferred } from './accept.ts'
import type { Env } from './app.ts'
import { pageHeaders, printPage } from './pages.ts'
import { problemResponse } from './problem-response.ts'

/**
 * Where nothing is: a page for browsers, if this process has pages; the problem `not_found` for everybody else. Where something is
 * for other methods: `method_not_allowed`, and to OPTIONS the methods (RFC 9110, sections 9.3.7 and 15.5.6).
 */
export function notFound(app: Hono<Env>, { config, log }: Deps, hasPages: boolean): NotFoundHandler<Env> {
  const { publicUrl } = config
  const text = printPage({ page, url: publicUrl, body: String(body()), layout: 'docs' })
  return (context) => {
    const { method, path } = context.req
    const methods = methodsOf(app, path)
    const allow = methods.join(', ')
    if (methods.length && method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
    if (methods.length && !methods.includes(method)) {
      const detail = `${method} is not possible at ${path}; ${methods.join(' and ')} ${methods.length > 1 ? 'are' : 'is'}.`
      const error = new ProblemError('method_not_allowed', detail, { headers: { allow } })
      return problemResponse(error, context.get('requestId'), publicUrl, log)
    }
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

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Which methods have a route at `path`, HEAD with GET; none where nothing is. Routes for all methods are no answers but checks. */
function methodsOf({ router }: Hono<Env>, path: string): string[] {
  const has = (method: string) => router.match(method, path)[0].some(([[, route]]) => route.method === method)
  return METHODS.filter(has).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

const body = () => html`<h1>${page.title}</h1><p>${page.summary} Perhaps you look for one of these:</p>
<ul>${[guides.quickstart, tryIt, reference, problemIndex].map(item)}</ul>`

const item = ({ path, title, summary }: Page) => html`<li><a href="${path}">${title}</a>: ${summary}</li>`
