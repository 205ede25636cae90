import type { Hono } from 'hono'
import { Webhook } from 'standardwebhooks'
import type { Env } from '../api/app.ts'
import { createClient, TalkifError } from '../openapi/client.ts'
import { sandboxPeople } from '../openapi/sandbox-people.ts'
import { pause, systemClock } from '../runtime/clock.ts'
import type { Config } from '../runtime/config.ts'
import { type DevFile, demoWorkspace } from './demo-workspace.ts'
import { INBOX_PATH } from './inbox.ts'
import { banner, milestoneLine, traceHeading, webhookLines } from './screen.ts'
import { type Served, serve } from './serve.ts'

type Print = (line: string) => void

/** A webhook as it arrived at the demo workspace's own endpoint. */
export interface Arrival {
  id: string
  signature: string
  timestamp: string
  body: string
  payload: { event: string; call_id: string }
}

/** Longer than any sandbox person talks at the demo's pace. */
const DEMO_LIMIT_MS = 60_000

/**
 * `talkif dev`: a server with a demo workspace and, once it is ready, one demo lead whose call is printed as it happens.
 * Resolves when the demo is over; the server stays up until `close`.
 */
export async function dev(config: Config, print: Print, signal: AbortSignal): Promise<Served> {
  const arrivals = new Map<string, Arrival>()
  const extend = (app: Hono<Env>) => mountInbox(app, arrivals)
  const served = await serve({ ...config, allowLoopbackWebhooks: true }, { extend })
  try {
    const { file, sandbox } = await demoWorkspace(served.runtime, served.url)
    for (const line of banner({ file, database: served.database, ...sandbox })) print(line)
    await demoLead(file, arrivals, print, signal)
    if (!signal.aborted)
      print(`\nStaying up at ${file.url} — place a call of your own with the curl above. Ctrl-C stops everything.`)
    return served
  } catch (error) {
    await served.close()
    throw error
  }
}

/** Keeps the last webhook of each call and event, bounded. */
function mountInbox(app: Hono<Env>, arrivals: Map<string, Arrival>): void {
  app.post(INBOX_PATH, async (context) => {
    const body = await context.req.text()
    const header = (name: string) => context.req.header(name) ?? ''
    const payload = readPayload(body)
    if (!payload) return context.text('A webhook of this server was expected.', 400)
    const [id, timestamp, signature] = [header('webhook-id'), header('webhook-timestamp'), header('webhook-signature')]
    arrivals.set(`${payload.call_id} ${payload.event}`, { id, timestamp, signature, body, payload })
    if (arrivals.size > 1000) arrivals.delete(arrivals.keys().next().value!)
    return context.body(null, 204)
  })
}

function readPayload(body: string): Arrival['payload'] | undefined {
  try {
    const payload = JSON.parse(body) as Partial<Arrival['payload']> | null
    return payload?.event && payload.call_id ? (payload as Arrival['payload']) : undefined
  } catch {
    return undefined
  }
}

async function demoLead(
  file: DevFile,
  arrivals: Map<string, Arrival>,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  const person = sandboxPeople[0]!
  const lead = {
    event: 'lead.created' as const,
    source: 'web_form',
    phone: person.number,
    intent: 'pricing',
    consent: true,
    call_within: 60,
  }
  const api = createClient({ url: file.url, key: file.test_key })
  const receipt = await api.createLead(lead).catch((error: unknown) => {
    // The flow of the demo is the user's to change; what is refused then is a demo, not a start.
    if (!(error instanceof TalkifError)) throw error
    print(`\nNo demo call: ${error.problem.detail} ${error.problem.suggested_action}`)
  })
  if (!receipt) return
  for (const line of traceHeading(receipt, person)) print(line)
  const until = systemClock.now() + DEMO_LIMIT_MS
  let printed = 0
  while (!signal.aborted && systemClock.now() < until) {
    const call = await api.getCall({ id: receipt.call_id, include: ['trace'] })
    const milestones = call.trace?.milestones ?? []
    for (const milestone of milestones.slice(printed)) print(milestoneLine(milestone))
    printed = Math.max(printed, milestones.length)
    if (call.status === 'held') {
      const until = call.not_before ? ` until ${call.not_before}` : ''
      print(`\nThe demo call is held${until}: ${call.reason ?? 'it may not ring now'}. It rings by itself then;`)
      print(`npm run talkif -- call get ${receipt.call_id} --wait shows how it goes.`)
      return
    }
    const arrival = call.outcome && arrivals.get(`${receipt.call_id} outcome.${call.outcome}`)
    if (arrival && milestones.at(-1)?.name === 'webhook.out') {
      for (const line of webhookLines(arrival, call, isGenuine(arrival, file.webhook_secret))) print(line)
      return
    }
    await pause(systemClock, 150, signal)
  }
  if (!signal.aborted)
    print(`\nThe demo call has not ended yet: npm run talkif -- call get ${receipt.call_id} --wait shows how it goes.`)
}

function isGenuine({ id, timestamp, signature, body }: Arrival, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    })
    return true
  } catch {
    return false
  }
}
