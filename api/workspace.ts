import { Hono, type MiddlewareHandler } from 'hono'
import type { Deps } from '../runtime/deps.ts'
import type { Env } from './app.ts'
import { limitBody, MAX_BODY, mediaType } from './read-request.ts'
import { bookingRoutes } from './workspace/bookings.ts'
import { callRoutes } from './workspace/calls.ts'
import { DEPLOY_PATH, deployRoutes } from './workspace/deploy.ts'
import { doNotCallRoutes } from './workspace/do-not-call.ts'
import { documentRoutes } from './workspace/document.ts'
import { flowRoutes } from './workspace/flows.ts'
import { keyRoutes } from './workspace/keys.ts'
import { messageRoutes } from './workspace/messages.ts'
import { numberRoutes } from './workspace/numbers.ts'
import { webhookRoutes } from './workspace/webhooks.ts'

/** Bytes of a file, and of the flows of a deploy together. */
const MAX_FILE = 2 * 1024 * 1024
/** What is sent in many parts at once: numbers as CSV, and a folder to be deployed. */
const isLarge = (type: string | undefined, path: string) => type === 'text/csv' || path === DEPLOY_PATH

/** What an administrator's key may do; not part of the agents' surface. Every route asks for `workspace:admin`. */
export function workspaceRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.use('/workspace/*', limited())
  for (const routes of [
    documentRoutes,
    flowRoutes,
    deployRoutes,
    callRoutes,
    bookingRoutes,
    messageRoutes,
    numberRoutes,
    doNotCallRoutes,
    keyRoutes,
    webhookRoutes,
  ]) {
    app.route('/', routes(deps))
  }
  return app
}

function limited(): MiddlewareHandler {
  const [usual, large] = [limitBody(MAX_BODY), limitBody(MAX_FILE)]
  return (context, next) => (isLarge(mediaType(context), context.req.path) ? large : usual)(context, next)
}
