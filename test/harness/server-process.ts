import { flushCompileCache } from 'node:module'
import { serve } from '../../cli/serve.ts'
import { untilStopped } from '../../cli/until-stopped.ts'
import { readConfig } from '../../runtime/config.ts'
import { openLog } from '../../runtime/log.ts'

/**
 * `talkif serve` in a process of its own, for tests that kill, freeze and stop it; only it may also deliver webhooks to loopback.
 *   node test/harness/server-process.ts '{"env": {"PORT": "8001", "DATABASE_URL": "…"}, "roles": {"worker": true, …}}'
 * Prints one line, `{"url": …}`, when it serves.
 */
const { env, roles } = JSON.parse(process.argv[2] ?? '{}')
const config = readConfig(env)
const log = openLog(process.env.TALKIF_LOG_LEVEL ?? 'fatal')
const start = async () => {
  const served = await serve({ ...config, allowLoopbackWebhooks: true }, { roles, log })
  process.stdout.write(`${JSON.stringify({ url: served.url })}\n`)
  // Most are killed, and would leave nothing to those that come after them.
  flushCompileCache()
  return served
}
await untilStopped(
  start,
  () => config.drainSeconds * 1000,
  () => {},
)
