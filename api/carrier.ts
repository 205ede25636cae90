import { Hono } from 'hono'
import { callOfAttempt } from '../runtime/calls/attempt.ts'
import { carrierEvent } from '../runtime/calls/carrier-event.ts'
import { parseTwilioCallback } from '../runtime/carrier/twilio/callback.ts'
import type { Deps } from '../runtime/deps.ts'
import type { Env } from './app.ts'
import { carrierMessageRoutes } from './carrier-messages.ts'
import { authenticSender, modesOf } from './carrier-sender.ts'
import { carrierTransferRoutes } from './carrier-transfers.ts'
import { limitBody } from './read-request.ts'

/**
 * What the carrier posts to us. Without a valid `X-Twilio-Signature` the answer is 403, whoever asks and about whatever, so that
 * nothing can be learned from it.
 * @see https://www.twilio.com/docs/usage/security#validating-requests
 */
export function carrierRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/carrier/twilio/status/:attempt', limitBody(64 * 1024), async (context) => {
    const attemptId = context.req.param('attempt')
    const params = Object.fromEntries(new URLSearchParams(await context.req.text()))
    const found = await callOfAttempt(deps, attemptId)
    // An attempt that was never placed has no row any more; its callbacks are checked with either account.
    const sender = authenticSender(deps, context, params, found ? [found.call.mode] : modesOf(deps))
    if (!sender) return context.text('Forbidden', 403)
    await carrierEvent(deps, sender.carrier, attemptId, parseTwilioCallback(params), found)
    return context.body(null, 204)
  })
  app.route('/', carrierMessageRoutes(deps))
  app.route('/', carrierTransferRoutes(deps))
  return app
}
