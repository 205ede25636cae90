import { Hono } from 'hono'
import { openApiDocument } from '../openapi/document.ts'
import { type ProblemCode, problems } from '../openapi/schemas/problem.ts'
import type { Deps } from '../runtime/deps.ts'
import { version } from '../runtime/version.ts'
import { etagOf, isKnown } from './answer.ts'
import type { Env } from './app.ts'
import { landingPage, problemPage, problemsPage } from './pages.ts'

/** The printed contract, and one page for each problem `type`. */
export function docsRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  const document = JSON.stringify(openApiDocument(deps.config.publicUrl, version))
  const etag = etagOf(document)
  app.get('/openapi.json', (context) => {
    const headers = { 'content-type': 'application/json', etag, 'access-control-allow-origin': '*' }
    if (isKnown(context, etag)) return new Response(null, { status: 304, headers })
    return new Response(document, { headers })
  })
  app.get('/', (context) => context.html(landingPage(deps.config.publicUrl)))
  app.get('/docs/problems', (context) => context.html(problemsPage()))
  app.get('/docs/problems/:code', (context, next) => {
    const code = context.req.param('code')
    return isProblemCode(code) ? context.html(problemPage(code)) : next()
  })
  return app
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)
