import { NODE_ALIVE_SECONDS } from './calls/media-nodes.ts'
import { createOutage } from './carrier/outage.ts'
import { type TwilioCarrier, twilioCarrier } from './carrier/twilio/twilio.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Db } from './db/connect.ts'
import { and, desc, eq, gt, sql } from './db/drizzle.ts'
import { type Mode, mediaNodes } from './db/schema.ts'
import type { DeploymentSecrets, Network, Networks } from './deps.ts'
import type { Log } from './log.ts'
import { together } from './together.ts'

/** The sandbox, as the rest of the runtime knows it: two base URLs for each time-lapse. */
export interface SandboxUrls {
  carrierUrl(time: { pace: number; waits: number }): string
  engineUrl(time: { pace: number }): string
}

/** The sandbox's one account, in Twilio's spelling. */
export const SANDBOX_ACCOUNT = `AC${'5a4d'.repeat(8)}`

interface NetworkOptions {
  config: Config
  clock: Clock
  log: Log
  db: Db
  secrets: DeploymentSecrets
  sandbox: SandboxUrls
  /** This process, when it carries media. */
  node: { id: string; url: string } | undefined
  /** How the sandbox of this process reaches this process; undefined when the sandbox runs elsewhere. */
  localUrl: string | undefined
}

/** Carriers and engines by mode and time-lapse. Live and test calls differ in nothing but base URLs and credentials. */
export function openNetworks(options: NetworkOptions): Networks & { close(): void } {
  const { config, clock, log, db, node, localUrl } = options
  const networks = new Map<string, Network & { carrier: TwilioCarrier }>()
  const aliveNodes = together(async (askers: Mode[]) => {
    // By the database's clock on both sides: the machines' own may differ.
    const nodes = await db
      .select()
      .from(mediaNodes)
      .where(
        and(
          eq(mediaNodes.draining, false),
          gt(mediaNodes.heartbeatAt, sql`now() - make_interval(secs => ${NODE_ALIVE_SECONDS})`),
        ),
      )
      .orderBy(desc(mediaNodes.heartbeatAt))
    return askers.map(() => nodes)
  })
  return {
    unavailable(mode) {
      if (mode === 'test' || (config.twilio && config.openai)) return undefined
      return 'This server has no carrier account for live calls: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, OPENAI_API_KEY and PUBLIC_URL, or use a test key.'
    },
    of({ mode, pace, clockRate }) {
      const key = mode === 'live' ? mode : `${pace} ${clockRate}`
      const known = networks.get(key)
      if (known) return known
      const made = mode === 'live' ? liveNetwork(config, clock, log) : testNetwork(options, { pace, waits: clockRate })
      networks.set(key, made)
      return made
    },
    async mediaNode(mode) {
      if (mode === 'test' && localUrl && node) return { id: node.id, mediaUrl: mediaUrl(localUrl) }
      const nodes = await aliveNodes(mode)
      const chosen = nodes.find((it) => it.id === node?.id) ?? nodes[Math.floor(Math.random() * nodes.length)]
      return chosen && { id: chosen.id, mediaUrl: mediaUrl(chosen.url) }
    },
    close() {
      for (const network of networks.values()) network.carrier.close()
    },
  }
}

const mediaUrl = (url: string): string => `${url.replace(/^http/, 'ws')}/carrier/twilio/media`

function liveNetwork(config: Config, clock: Clock, log: Log): Network & { carrier: TwilioCarrier } {
  const { twilio, openai } = config
  if (!twilio || !openai) throw new Error('live calls are not configured; createLead should have refused')
  return {
    carrier: twilioCarrier({ ...twilio, clock }),
    outage: createOutage(clock, log),
    engine: openai,
    callbackBase: config.publicUrl,
  }
}

function testNetwork(
  { config, clock, log, secrets, sandbox, localUrl }: NetworkOptions,
  time: { pace: number; waits: number },
): Network & { carrier: TwilioCarrier } {
  const account = {
    accountSid: SANDBOX_ACCOUNT,
    authToken: secrets.sandboxAuthToken,
    baseUrl: sandbox.carrierUrl(time),
    clock,
  }
  return {
    carrier: twilioCarrier(account),
    outage: createOutage(clock, log),
    engine: {
      baseUrl: sandbox.engineUrl(time),
      apiKey: secrets.sandboxApiKey,
      model: 'gpt-realtime',
      transcriptionModel: 'gpt-4o-mini-transcribe',
      textModel: 'gpt-4.1-mini',
      speechModel: 'gpt-4o-mini-tts',
    },
    callbackBase: localUrl ?? config.publicUrl,
  }
}
