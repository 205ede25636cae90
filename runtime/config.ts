import { join, resolve } from 'node:path'
import { z } from 'zod'

/** The server's configuration, read from the environment once. */
export interface Config {
  port: number
  host: string
  /** How the outside reaches us, without a trailing slash; the carrier's callbacks and media come to it. */
  publicUrl: string
  /** How the carrier reaches the media streams of this very process; `publicUrl` unless there are several. */
  mediaUrl: string
  /** Unset: PostgreSQL from npm below `dataDir`. */
  databaseUrl: string | undefined
  dataDir: string
  logLevel: string
  twilio: { accountSid: string; authToken: string; baseUrl: string | undefined; callsPerSecond: number } | undefined
  openai: { apiKey: string; baseUrl: string | undefined; model: string; transcriptionModel: string } | undefined
  /** A sandbox that runs elsewhere; unset: this process starts its own. */
  sandboxUrl: string | undefined
  /** Webhooks may be delivered to loopback addresses: a laptop's own receiver. */
  allowLoopbackWebhooks: boolean
}

const text = z.string().trim().min(1)
const url = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/$/, ''))

const Environment = z.object({
  PORT: z.coerce.number({ error: 'is a number from 0 to 65535' }).int().min(0).max(65_535).default(8787),
  HOST: text.default('127.0.0.1'),
  PUBLIC_URL: url.optional(),
  TALKIF_MEDIA_URL: url.optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TALKIF_DATA_DIR: text.default('.talkif'),
  TALKIF_LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('warn'),
  TALKIF_SANDBOX_URL: url.optional(),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, 'is "AC" and 32 hex digits')
    .optional(),
  TWILIO_AUTH_TOKEN: text.optional(),
  TWILIO_API_BASE_URL: url.optional(),
  TWILIO_CALLS_PER_SECOND: z.coerce.number({ error: 'is a number, e.g. 1' }).min(0.1).max(1000).default(1),
  OPENAI_API_KEY: text.optional(),
  OPENAI_BASE_URL: url.optional(),
  OPENAI_REALTIME_MODEL: text.default('gpt-realtime'),
  OPENAI_TRANSCRIPTION_MODEL: text.default('gpt-4o-mini-transcribe'),
})

/** What one variable needs of another; told together with the faults of each. */
function missing(env: Record<string, string | undefined>): string[] {
  const needs = (name: string, other: string, why: string) => (env[other] && !env[name] ? [`${name}: ${why}`] : [])
  return [
    ...needs('TWILIO_AUTH_TOKEN', 'TWILIO_ACCOUNT_SID', 'is needed with TWILIO_ACCOUNT_SID'),
    ...needs('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'is needed with TWILIO_AUTH_TOKEN'),
    ...needs('OPENAI_API_KEY', 'TWILIO_ACCOUNT_SID', 'is needed for live calls, as TWILIO_ACCOUNT_SID is set'),
    ...needs('PUBLIC_URL', 'TWILIO_ACCOUNT_SID', 'is needed for live calls: Twilio calls back to it'),
  ]
}

/**
 * @throws Error that lists every fault of the environment at once, one a line.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = Environment.safeParse(given)
  const issues = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? []
  const faults = [...issues, ...missing(given)]
  if (!parsed.success || faults.length) {
    throw new Error(
      `The environment has faults; mend them and start again:\n${faults.map((it) => `  ${it}`).join('\n')}`,
    )
  }
  const env = parsed.data
  const publicUrl = env.PUBLIC_URL ?? `http://127.0.0.1:${env.PORT}`
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl,
    mediaUrl: env.TALKIF_MEDIA_URL ?? publicUrl,
    databaseUrl: env.DATABASE_URL,
    dataDir: resolve(env.TALKIF_DATA_DIR),
    logLevel: env.TALKIF_LOG_LEVEL,
    twilio:
      env.TWILIO_ACCOUNT_SID && env.TWILIO_AUTH_TOKEN
        ? {
            accountSid: env.TWILIO_ACCOUNT_SID,
            authToken: env.TWILIO_AUTH_TOKEN,
            baseUrl: env.TWILIO_API_BASE_URL,
            callsPerSecond: env.TWILIO_CALLS_PER_SECOND,
          }
        : undefined,
    openai: env.OPENAI_API_KEY
      ? {
          apiKey: env.OPENAI_API_KEY,
          baseUrl: env.OPENAI_BASE_URL,
          model: env.OPENAI_REALTIME_MODEL,
          transcriptionModel: env.OPENAI_TRANSCRIPTION_MODEL,
        }
      : undefined,
    sandboxUrl: env.TALKIF_SANDBOX_URL,
    allowLoopbackWebhooks: false,
  }
}

/** Reads this process's own environment; the only place that does. */
export const ownConfig = (): Config => readConfig(process.env)

/** Where `dev.json` and local files are. */
export const devFile = (config: Config): string => join(config.dataDir, 'dev.json')
