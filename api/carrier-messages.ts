import { type Context, Hono } from 'hono'
import { parseIncomingMessage, parseMessageStatus } from '../runtime/carrier/twilio/messages.ts'
import type { Deps } from '../runtime/deps.ts'
import { modeOfMessage } from '../runtime/messages/list.ts'
import { receive } from '../runtime/messages/receive.ts'
import { report } from '../runtime/messages/report.ts'
import type { Env } from './app.ts'
import { authenticSender, modesOf } from './carrier-sender.ts'
import { limitBody } from './read-request.ts'

/** An empty answer: whatever is to be said to the person is said by an action, or by the carrier itself. */
const NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'

/**
 * What the carrier posts of messages: what became of ours, and those of people. 403 without a valid signature.
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 */
export function carrierMessageRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/carrier/twilio/message-status/:message', limitBody(64 * 1024), async (context) => {
    const id = context.req.param('message')
    const params = await form(context)
    const mode = await modeOfMessage(deps, id)
    const sender = authenticSender(deps, context, params, mode ? [mode] : modesOf(deps))
    if (!sender) return context.text('Forbidden', 403)
    await report(deps, id, parseMessageStatus(params))
    return context.body(null, 204)
  })
  app.post('/carrier/twilio/message', limitBody(64 * 1024), async (context) => {
    const params = await form(context)
    const sender = authenticSender(deps, context, params, modesOf(deps))
    if (!sender) return context.text('Forbidden', 403)
    await receive(deps, sender.mode, parseIncomingMessage(params))
    return context.body(NOTHING_TO_SAY, 200, { 'content-type': 'text/xml; charset=utf-8' })
  })
  return app
}

const form = async (context: Context) => Object.fromEntries(new URLSearchParams(await context.req.text()))
