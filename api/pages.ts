import { html, raw } from 'hono/html'
import { operations } from '../openapi/operations.ts'
import { sandboxPeople } from '../openapi/sandbox-people.ts'
import { type ProblemCode, problemCodes, problems } from '../openapi/schemas/problem.ts'

const style = `
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 5rem }
  h1 { line-height: 1.2; margin: 0 0 .5rem } h2 { margin-top: 2.5rem }
  a { color: inherit } nav { margin-bottom: 2rem; font-size: .9rem }
  code, pre { font: .875em/1.5 ui-monospace, monospace }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid var(--line); border-radius: 8px }
  .table { overflow-x: auto } table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid var(--line) }
`

type Html = ReturnType<typeof html>

const page = (title: string, body: Html) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${raw(style)}</style>
</head>
<body>${body}</body>
</html>`

/** What somebody sees who opens the server's address in a browser. */
export function landingPage(url: string) {
  const rows = Object.values(operations).map(
    ({ method, path, summary }) =>
      html`<tr><td><code>${method.toUpperCase()}</code></td><td><code>${path}</code></td><td>${summary}</td></tr>`,
  )
  const people = sandboxPeople.map(
    ({ number, summary }) => html`<tr><td><code>${number}</code></td><td>${summary}</td></tr>`,
  )
  return page(
    'Talkif',
    html`<h1>Wire a lead event, Talkif dials it.</h1>
<p>This server turns <code>POST /v1/leads</code> into an AI phone call within seconds, and posts a typed, signed outcome back.</p>
<h2>Place a call</h2>
<pre>curl -X POST ${url}/v1/leads \\
  -H "Authorization: Bearer $TALKIF_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "source": "web_form",
    "phone": "${sandboxPeople[0]!.number}",
    "intent": "pricing",
    "consent": true
  }'</pre>
<p>Then <code>GET /v1/calls/{call_id}?wait=30</code> answers when the call is over. The whole contract: <a href="/openapi.json">openapi.json</a>.</p>
<h2>Operations</h2><div class="table"><table>${rows}</table></div>
<h2>Test numbers</h2><p>A test key rings no real phone. These people of the sandbox pick up in their own ways; every other number behaves like the first.</p>
<div class="table"><table>${people}</table></div>
<h2>When something fails</h2><p>Every error is a problem document with a <code>code</code> and a <code>suggested_action</code>: <a href="/docs/problems">all problems</a>.</p>`,
  )
}

/** All problem codes. */
export function problemsPage() {
  const rows = problemCodes.map(
    (code) =>
      html`<tr><td><a href="/docs/problems/${code}"><code>${code}</code></a></td><td>${problems[code][0]}</td><td>${problems[code][1]}</td></tr>`,
  )
  return page(
    'Problems · Talkif',
    html`<nav><a href="/">Talkif</a></nav><h1>Problems</h1>
<p>What an error answer (<code>application/problem+json</code>, RFC 9457) can be about.</p>
<div class="table"><table><tr><th>code</th><th>HTTP</th><th>means</th></tr>${rows}</table></div>`,
  )
}

/** One problem code: the page that the `type` of a problem document points to. */
export function problemPage(code: ProblemCode) {
  const [status, title, action] = problems[code]
  return page(
    `${title} · Talkif`,
    html`<nav><a href="/">Talkif</a> / <a href="/docs/problems">Problems</a></nav><h1>${title}</h1>
<p><code>${code}</code>, HTTP ${status}</p><h2>What to do</h2><p>${action}</p>
<p>In the answer, <code>detail</code> says what was wrong with this request, <code>errors</code> where it was wrong, each with a JSON pointer, and
<code>suggested_action</code> what to do next. Quote <code>request_id</code> when you ask for help.</p>`,
  )
}
