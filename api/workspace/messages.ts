import { Hono } from 'hono'
import { z } from 'zod'
import { CallId } from '../../openapi/schemas/common.ts'
import type { Deps } from '../../runtime/deps.ts'
import { listMessages } from '../../runtime/messages/list.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readParameters } from './admin.ts'
import { cursorOf, keyAfter, paging } from './page.ts'

const MessageQuery = z.strictObject({ call_id: CallId.optional(), ...paging })

export function messageRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/messages', async (context) => {
    const holder = await admin(deps, context)
    const { cursor, ...query } = readParameters(context, MessageQuery)
    const page = await listMessages(deps, holder, { ...query, cursor: keyAfter(cursor) })
    return answer(context, 200, { ...page, next_cursor: page.next_cursor && cursorOf(page.next_cursor) })
  })
  return app
}
