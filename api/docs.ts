import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { openApiDocument } from '../openapi/document.ts'
import { type ProblemCode, problems } from '../openapi/schemas/problem.ts'
import type { Deps } from '../runtime/deps.ts'
import { version } from '../runtime/version.ts'
import type { Env } from './app.ts'

/** The printed contract, and one page for each problem `type`. */
export function docsRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  const document = JSON.stringify(openApiDocument(deps.config.publicUrl, version))
  const etag = `"${createHash('sha256').update(document).digest('base64url').slice(0, 27)}"`
  app.get('/openapi.json', (context) => {
    const headers = { 'content-type': 'application/json', etag, 'access-control-allow-origin': '*' }
    if (context.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
    return new Response(document, { headers })
  })
  app.get('/docs/problems/:code', (context, next) => {
    const code = context.req.param('code') as ProblemCode
    if (!Object.hasOwn(problems, code)) return next()
    const [status, title, action] = problems[code]
    return context.html(html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Talkif</title>
<style>body{font:16px/1.6 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#1a1a1a}code{background:#f1f1f1;padding:.1em .3em;border-radius:3px}</style></head>
<body><p><a href="/openapi.json">Talkif API</a></p><h1>${title}</h1>
<p><code>${code}</code>, HTTP ${status}</p><h2>What to do</h2><p>${action}</p>
<p>The answer's <code>detail</code> says what was wrong in this request, its <code>errors</code> where; <code>request_id</code> names it in our logs.</p></body></html>`)
  })
  return app
}
