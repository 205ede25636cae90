import { Hono } from 'hono'
import { z } from 'zod'
import { FlowId } from '../../openapi/schemas/common.ts'
import { OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { CallStatus } from '../../openapi/schemas/lead.ts'
import { listCalls } from '../../runtime/calls/list.ts'
import { getCall } from '../../runtime/calls/read.ts'
import type { Deps } from '../../runtime/deps.ts'
import { normalisePhone } from '../../runtime/guardrails/phone.ts'
import { problemOf } from '../../runtime/problem.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readParameters } from './admin.ts'
import { keyAfter, pageOf, paging } from './page.ts'

const CallQuery = z.strictObject({
  status: CallStatus.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  flow_id: FlowId.optional(),
  phone: z.string().min(1).max(64).optional(),
  ...paging,
})

export function callRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/calls', async (context) => {
    const holder = await admin(deps, context)
    const { status, outcome, flow_id: flowId, phone, limit, cursor } = readParameters(context, CallQuery)
    const filter = { status, outcome, flowId, phone: phone && readPhone(phone) }
    const rows = await listCalls(deps, holder, filter, { limit: limit + 1, after: keyAfter(cursor) })
    return answer(
      context,
      200,
      pageOf(rows, limit, ({ id }) => id),
    )
  })
  app.get('/workspace/calls/:id/trace', async (context) => {
    const holder = await admin(deps, context)
    const { id, status, trace } = await getCall(deps, holder, { id: context.req.param('id'), include: ['trace'] })
    return answer(context, 200, { call_id: id, status, ...trace })
  })
  return app
}

/** A number in any spelling with a country code; a plus that the query made a space of is put back. */
function readPhone(given: string): string {
  const read = normalisePhone(given.replace(/^ /, '+'))
  if (!read.ok) throw problemOf([{ pointer: '/phone', code: 'phone_invalid', detail: read.reason }])
  return read.e164
}
