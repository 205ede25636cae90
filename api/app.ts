import { type Context, Hono } from 'hono'
import { type OperationId, operationIds, operations } from '../openapi/operations.ts'
import type { Document, LiveDocument } from '../openapi/pages.ts'
import { authenticate } from '../runtime/access/keys.ts'
import type { Deps } from '../runtime/deps.ts'
import { newId } from '../runtime/ids.ts'
import { admitLead } from '../runtime/leads/create.ts'
import { answer, weakEtagOf } from './answer.ts'
import { artifactRoutes } from './artifacts.ts'
import { carrierRoutes } from './carrier.ts'
import { documentRoutes } from './documents.ts'
import { explorerRoutes } from './explorer.ts'
import { invoke } from './invoke.ts'
import { notFound } from './not-found.ts'
import { problemResponse } from './problem-response.ts'
import { bearer, limitBody, MAX_BODY, preferredWait, readOperationInput } from './read-request.ts'
import { workspaceRoutes } from './workspace.ts'

export type Env = { Variables: { requestId: string } }

export interface AppOptions {
  /** `false` leaves what every process answers: carrier, artifacts, health. */
  operations?: boolean
  /** Printed once by the rooms that know them; served beside the operations. */
  documents?: (Document | LiveDocument)[]
}

/** Every HTTP route. Routes of the eight operations are made from the operations table. */
export function createApp(deps: Deps, { operations: serves = true, documents = [] }: AppOptions = {}): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    const requestId = newId('req')
    context.set('requestId', requestId)
    await next()
    context.res.headers.set('request-id', requestId)
  })
  app.onError((error, context) => problemResponse(error, context.get('requestId'), deps.config.publicUrl, deps.log))
  app.notFound(notFound(app, deps, serves))
  if (serves) {
    for (const id of operationIds) mountOperation(app, deps, id)
    app.route('/', workspaceRoutes(deps))
    app.route('/', explorerRoutes())
    app.route('/', documentRoutes(documents, { publicUrl: deps.config.publicUrl, now: deps.clock.now }))
    app.get('/docs/', (context) => context.redirect('/docs', 308))
  }
  app.route('/', carrierRoutes(deps))
  app.route('/', artifactRoutes(deps))
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    await deps.sql`select 1`
    return context.json({ status: 'ready' })
  })
  return app
}

function mountOperation(app: Hono<Env>, deps: Deps, id: (typeof operationIds)[number]): void {
  const it = operations[id]
  const path = it.path.replaceAll(/\{(\w+)\}/g, ':$1')
  app.on(
    it.method.toUpperCase(),
    path,
    limitBody('maxBody' in it ? (it.maxBody ?? MAX_BODY) : MAX_BODY),
    async (context) => {
      const { holder, intake, input } = await admit(deps, id, context)
      const idempotencyKey = it.method === 'post' ? context.req.header('idempotency-key') : undefined
      const signal = it.method === 'get' ? context.req.raw.signal : undefined
      const { status, body, replayed } = await invoke(deps, {
        ...{ operation: id, input, holder, intake, idempotencyKey, signal },
      })
      return answer(context, status, body, { replayed, etag: weakEtagOf(body) })
    },
  )
}

/** Who asks, and for what. Whoever is not known here is told so, whatever they sent. */
async function admit(deps: Deps, id: OperationId, context: Context) {
  const it = operations[id]
  const key = bearer(context)
  if (id !== 'createLead') {
    const holder = await authenticate(deps, key)
    const prefer = id === 'getCall' ? preferredWait(context) : {}
    return { holder, intake: undefined, input: { ...prefer, ...(await readOperationInput(context, it)) } }
  }
  const input = await readOperationInput(context, it).catch(async (error) => {
    await authenticate(deps, key)
    throw error
  })
  return { intake: undefined, ...(await admitLead(deps, key, input)), input }
}
