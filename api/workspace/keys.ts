import { Hono } from 'hono'
import { z } from 'zod'
import { scopes } from '../../openapi/operation.ts'
import { createKey, listKeys, revokeKey } from '../../runtime/access/keys.ts'
import type { Deps } from '../../runtime/deps.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readBody } from './admin.ts'

/** The body of `POST /workspace/keys`. */
export const NewKey = z.strictObject({
  mode: z.enum(['test', 'live']),
  scopes: z.array(z.enum(scopes)).min(1).optional(),
})

export function keyRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/keys', async (context) =>
    answer(context, 200, { data: await listKeys(deps, await admin(deps, context)) }),
  )
  app.post('/workspace/keys', async (context) => {
    const { workspaceId } = await admin(deps, context)
    return answer(context, 201, await createKey(deps, { workspaceId, ...(await readBody(context, NewKey)) }))
  })
  app.delete('/workspace/keys/:id', async (context) => {
    await revokeKey(deps, await admin(deps, context), context.req.param('id'))
    return context.body(null, 204)
  })
  return app
}
