import { Hono } from 'hono'
import { z } from 'zod'
import { wholeNumber } from '../../openapi/schemas/common.ts'
import type { Deps } from '../../runtime/deps.ts'
import { listFlows, readVersion } from '../../runtime/flows/list.ts'
import { rollBackFlow } from '../../runtime/flows/rollback.ts'
import { explainRoute } from '../../runtime/leads/explain-route.ts'
import { RoutedLead } from '../../runtime/leads/read-lead.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readBody, readInput, readParameters } from './admin.ts'
import { keyAfter, pageOf, paging } from './page.ts'

const Version = z.strictObject({ version: wholeNumber(1, 2_147_483_647) })

export function flowRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/flows', async (context) => {
    const holder = await admin(deps, context)
    const { limit, cursor } = readParameters(context, z.strictObject(paging))
    const rows = await listFlows(deps, holder, { limit: limit + 1, after: keyAfter(cursor) })
    return answer(
      context,
      200,
      pageOf(rows, limit, ({ id }) => id),
    )
  })
  app.get('/workspace/flows/:id/versions/:version', async (context) => {
    const holder = await admin(deps, context)
    const { id, version } = context.req.param()
    const read = readInput(Version, { version: /^\d+$/.test(version) ? Number(version) : version })
    return answer(context, 200, await readVersion(deps, holder, id, read.version))
  })
  app.post('/workspace/flows/:id/rollback', async (context) => {
    const holder = await admin(deps, context)
    const { version } = await readBody(context, Version.partial())
    const wanted = { id: context.req.param('id'), version }
    return answer(context, 200, await deps.db.transaction((tx) => rollBackFlow(tx, deps, holder, wanted)))
  })
  app.post('/workspace/route', async (context) => {
    const holder = await admin(deps, context)
    return answer(context, 200, await explainRoute(deps, holder, await readBody(context, RoutedLead)))
  })
  return app
}
