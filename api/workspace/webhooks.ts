import { Hono } from 'hono'
import { z } from 'zod'
import { GivenTime } from '../../openapi/schemas/common.ts'
import type { Deps } from '../../runtime/deps.ts'
import { deadLetters, resend, rotateSecret } from '../../runtime/webhooks/dead-letters.ts'
import { recover } from '../../runtime/webhooks/recover.ts'
import { sendTest } from '../../runtime/webhooks/send-test.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readBody } from './admin.ts'

/** The body of `POST /workspace/webhooks/{id}/recover`. */
export const Since = z.strictObject({ since: GivenTime })

export function webhookRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/workspace/webhooks/:id/test', async (context) => {
    const holder = await admin(deps, context)
    return answer(context, 200, await sendTest(deps, holder, context.req.param('id')))
  })
  app.post('/workspace/webhooks/:id/rotate', async (context) => {
    const holder = await admin(deps, context)
    const secret = await deps.db.transaction((tx) => rotateSecret(tx, deps, holder, context.req.param('id')))
    return answer(context, 200, { secret })
  })
  app.post('/workspace/webhooks/:id/recover', async (context) => {
    const holder = await admin(deps, context)
    const since = new Date((await readBody(context, Since)).since)
    const missed = { endpointId: context.req.param('id'), since }
    return answer(context, 202, await deps.db.transaction((tx) => recover(tx, deps, holder, missed)))
  })
  app.get('/workspace/dead-letters', async (context) => {
    const holder = await admin(deps, context)
    return answer(context, 200, { data: await deps.db.transaction((tx) => deadLetters(tx, holder)) })
  })
  app.post('/workspace/deliveries/:id/resend', async (context) => {
    const holder = await admin(deps, context)
    await deps.db.transaction((tx) => resend(tx, deps, holder, context.req.param('id')))
    return context.body(null, 202)
  })
  return app
}
