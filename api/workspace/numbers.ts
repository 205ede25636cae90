import { Hono } from 'hono'
import { z } from 'zod'
import { text } from '../../openapi/schemas/common.ts'
import { CreateLead } from '../../openapi/schemas/lead.ts'
import type { Deps } from '../../runtime/deps.ts'
import { addNumber, ownNumbers } from '../../runtime/numbers/add.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readBody, readParameters } from './admin.ts'
import { keyAfter, pageOf, paging } from './page.ts'

const NewNumber = z.strictObject({ phone: text(64), country: CreateLead.shape.country, label: text(100).optional() })

export function numberRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/numbers', async (context) => {
    const holder = await admin(deps, context)
    const { limit, cursor } = readParameters(context, z.strictObject(paging))
    const rows = await ownNumbers(deps, holder, { limit: limit + 1, after: keyAfter(cursor) })
    return answer(
      context,
      200,
      pageOf(rows, limit, ({ id }) => id),
    )
  })
  app.post('/workspace/numbers', async (context) => {
    const holder = await admin(deps, context)
    const { status, body } = await addNumber(deps, holder, await readBody(context, NewNumber))
    return answer(context, status, body)
  })
  return app
}
