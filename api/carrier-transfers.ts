import { type Context, Hono } from 'hono'
import { legEvent, legPressed, type TransferOnCall, transferOf } from '../runtime/calls/transfer/event.ts'
import { parseTwilioCallback } from '../runtime/carrier/twilio/callback.ts'
import { farewellTwiml, roomTwiml } from '../runtime/carrier/twilio/transfer-twiml.ts'
import type { Deps } from '../runtime/deps.ts'
import type { Env } from './app.ts'
import { authenticSender } from './carrier-sender.ts'
import { limitBody } from './read-request.ts'

const LEG = '/carrier/twilio/transfer/:transfer/:leg{[0-9]{1,2}}'

/**
 * What the carrier posts of colleagues who are rung to take over: their calls, and the keys they press. 403 without a valid signature,
 * also for a transfer that there is not.
 * @see https://www.twilio.com/docs/voice/twiml/gather#action
 */
export function carrierTransferRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.post(`${LEG}/status`, limitBody(64 * 1024), async (context) => {
    const asked = await authentic(deps, context)
    if (!asked) return context.text('Forbidden', 403)
    await legEvent(deps, asked.found, asked.leg, parseTwilioCallback(asked.params))
    return context.body(null, 204)
  })
  app.post(`${LEG}/key`, limitBody(64 * 1024), async (context) => {
    const asked = await authentic(deps, context)
    if (!asked) return context.text('Forbidden', 403)
    const { CallSid: carrierId = '', Digits: digit = '' } = asked.params
    const next = await legPressed(deps, asked.found, asked.leg, { carrierId, digit })
    const twiml = 'room' in next ? roomTwiml(next.room) : farewellTwiml(next.words)
    return context.body(twiml, 200, { 'content-type': 'text/xml; charset=utf-8' })
  })
  return app
}

interface Asked {
  found: TransferOnCall
  leg: number
  params: Record<string, string>
}

/** Undefined unless the carrier of the transfer's own mode signed it. */
async function authentic(deps: Deps, context: Context): Promise<Asked | undefined> {
  const params = Object.fromEntries(new URLSearchParams(await context.req.text()))
  const found = await transferOf(deps, context.req.param('transfer') ?? '')
  const sender = found && authenticSender(deps, context, params, [found.call.mode])
  return sender && { found, leg: Number(context.req.param('leg')), params }
}
