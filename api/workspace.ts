import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { readShape } from '../openapi/faults.ts'
import { scopes } from '../openapi/operation.ts'
import { GivenTime } from '../openapi/schemas/common.ts'
import type { FieldFault } from '../openapi/schemas/problem.ts'
import { WorkspaceDocument } from '../openapi/schemas/workspace.ts'
import { authenticate, createKey, listKeys, requireScope, revokeKey } from '../runtime/access/keys.ts'
import { putWorkspace, readWorkspace } from '../runtime/access/workspace-document.ts'
import { workspaceFaults } from '../runtime/access/workspace-faults.ts'
import { doNotCall, listOptOuts } from '../runtime/calls/do-not-call.ts'
import type { Deps } from '../runtime/deps.ts'
import { problemOf } from '../runtime/problem.ts'
import { deadLetters, resend, rotateSecret } from '../runtime/webhooks/dead-letters.ts'
import { recover } from '../runtime/webhooks/recover.ts'
import { answer } from './answer.ts'
import type { Env } from './app.ts'
import { bearer, limitBody, MAX_BODY, readJson } from './read-request.ts'

const NewKey = z.strictObject({ mode: z.enum(['test', 'live']), scopes: z.array(z.enum(scopes)).min(1).optional() })
const Since = z.strictObject({ since: GivenTime })
const Phones = z.strictObject({ phones: z.array(z.string().min(1).max(64)).min(1).max(10_000) })

/** What an administrator's key may change; not part of the agents' surface. Every route asks for `workspace:admin`. */
export function workspaceRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  const admin = async (context: Context) => {
    const holder = await authenticate(deps, bearer(context))
    requireScope(holder, 'workspace:admin')
    return holder
  }
  app.use('/workspace/*', limitBody(MAX_BODY))
  app.get('/workspace', async (context) => {
    const holder = await admin(context)
    return answer(context, 200, await deps.db.transaction((tx) => readWorkspace(tx, holder)))
  })
  app.put('/workspace', async (context) => {
    const holder = await admin(context)
    const meaning = (body: object) => workspaceFaults(body, deps.config)
    const document = await read(context, WorkspaceDocument, meaning)
    return answer(context, 200, await deps.db.transaction((tx) => putWorkspace(tx, deps, holder, document)))
  })
  app.get('/workspace/keys', async (context) =>
    answer(context, 200, { data: await listKeys(deps, await admin(context)) }),
  )
  app.post('/workspace/keys', async (context) => {
    const { workspaceId } = await admin(context)
    return answer(context, 201, await createKey(deps, { workspaceId, ...(await read(context, NewKey)) }))
  })
  app.delete('/workspace/keys/:id', async (context) => {
    await revokeKey(deps, await admin(context), context.req.param('id'))
    return context.body(null, 204)
  })
  app.post('/workspace/webhooks/:id/rotate', async (context) => {
    const holder = await admin(context)
    const secret = await deps.db.transaction((tx) => rotateSecret(tx, deps, holder, context.req.param('id')))
    return answer(context, 200, { secret })
  })
  app.post('/workspace/webhooks/:id/recover', async (context) => {
    const holder = await admin(context)
    const since = new Date((await read(context, Since)).since)
    const missed = { endpointId: context.req.param('id'), since }
    return answer(context, 202, await deps.db.transaction((tx) => recover(tx, deps, holder, missed)))
  })
  app.get('/workspace/dead-letters', async (context) => {
    const holder = await admin(context)
    return answer(context, 200, { data: await deps.db.transaction((tx) => deadLetters(tx, holder)) })
  })
  app.post('/workspace/deliveries/:id/resend', async (context) => {
    const holder = await admin(context)
    await deps.db.transaction((tx) => resend(tx, deps, holder, context.req.param('id')))
    return context.body(null, 202)
  })
  app.get('/workspace/dnc', async (context) =>
    answer(context, 200, { data: await listOptOuts(deps, await admin(context)) }),
  )
  app.post('/workspace/dnc', async (context) => {
    const holder = await admin(context)
    const { phones } = await read(context, Phones)
    return answer(context, 201, { added: await deps.db.transaction((tx) => doNotCall(tx, deps, holder, phones)) })
  })
  return app
}

/** The body, by its schema; all faults at once: those of its shape and those of its meaning. */
async function read<S extends z.ZodType>(
  context: Context,
  schema: S,
  meaning: (body: object) => FieldFault[] = () => [],
): Promise<z.infer<S>> {
  const body = await readJson(context)
  const { data, faults: shape } = readShape(schema, body)
  const faults = [...shape, ...meaning(body)]
  if (!data || faults.length) throw problemOf(faults)
  return data
}
