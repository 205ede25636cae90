import { Hono } from 'hono'
import { z } from 'zod'
import { text } from '../../openapi/schemas/common.ts'
import { listBookings } from '../../runtime/bookings/list.ts'
import type { Deps } from '../../runtime/deps.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readParameters } from './admin.ts'
import { keyAfter, pageOf, paging } from './page.ts'

const BookingQuery = z.strictObject({
  calendar: text(64).optional(),
  status: z.enum(['held', 'confirmed', 'released']).optional(),
  ...paging,
})

export function bookingRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/bookings', async (context) => {
    const holder = await admin(deps, context)
    const { limit, cursor, ...filter } = readParameters(context, BookingQuery)
    const rows = await listBookings(deps, holder, filter, { limit: limit + 1, after: keyAfter(cursor) })
    return answer(
      context,
      200,
      pageOf(rows, limit, ({ id }) => id),
    )
  })
  return app
}
