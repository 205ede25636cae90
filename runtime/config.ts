import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { canBeKey } from '../openapi/client.ts'
import type { EngineAccount } from './deps.ts'
import { Misconfigured } from './misconfigured.ts'

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
  openai: EngineAccount | undefined
  /** A sandbox that runs elsewhere; unset: this process starts its own. */
  sandboxUrl: string | undefined
  /** Where to report a vulnerability, as security.txt says it; unset: `security@` the public host. */
  securityContact: string | undefined
  /** Hostnames, besides those of `publicUrl` and of loopback, by which agents reach `/mcp`; no ports. */
  allowedHosts: string[]
  /** How long running calls may take to end once the process is told to stop. */
  drainSeconds: number
  /** Webhooks may be delivered to loopback addresses: a laptop's own receiver. */
  allowLoopbackWebhooks: boolean
}

/** How a server reaches itself, and what stands for a `PUBLIC_URL` that is not given. */
export const ownUrl = (port: number): string => `http://127.0.0.1:${port}`

const text = z.string().trim().min(1)
const url = z
  .url({ protocol: /^https?$/, error: 'is a URL that begins with https:// or http://' })
  .transform((value) => value.replace(/\/$/, ''))

const hostnames = text
  .transform((list) => list.split(',').map((name) => name.trim().toLowerCase()))
  .pipe(z.array(z.string().regex(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)$/, 'is hostnames without ports, separated by commas')))

const Environment = z.object({
  PORT: z.coerce.number({ error: 'is a number from 0 to 65535' }).int().min(0).max(65_535).default(8787),
  HOST: text.default('127.0.0.1'),
  PUBLIC_URL: url.optional(),
  TALKIF_MEDIA_URL: url.optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TALKIF_DATA_DIR: text.default('.talkif'),
  TALKIF_LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('warn'),
  TALKIF_SANDBOX_URL: url.optional(),
  TALKIF_DRAIN_SECONDS: z.coerce.number({ error: 'is a number of seconds, e.g. 120' }).min(0).max(14_400).default(120),
  TALKIF_ALLOWED_HOSTS: hostnames.default([]),
  TALKIF_SECURITY_CONTACT: z
    .url({ protocol: /^(https|mailto|tel)$/, error: 'is an https, mailto or tel URI' })
    .optional(),
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
  OPENAI_TEXT_MODEL: text.default('gpt-4.1-mini'),
  OPENAI_SPEECH_MODEL: text.default('gpt-4o-mini-tts'),
  OPENAI_TRANSCRIPTION_BASE_URL: url.optional(),
  OPENAI_TRANSCRIPTION_API_KEY: text.optional(),
  OPENAI_TEXT_BASE_URL: url.optional(),
  OPENAI_TEXT_API_KEY: text.optional(),
  OPENAI_SPEECH_BASE_URL: url.optional(),
  OPENAI_SPEECH_API_KEY: text.optional(),
})

/** What one variable needs of another; told together with the faults of each. */
function missing(env: Record<string, string | undefined>): string[] {
  const needs = (name: string, other: string, why: string) => (env[other] && !env[name] ? [`${name}: ${why}`] : [])
  return [
    ...needs('TWILIO_AUTH_TOKEN', 'TWILIO_ACCOUNT_SID', 'is needed with TWILIO_ACCOUNT_SID'),
    ...needs('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'is needed with TWILIO_AUTH_TOKEN'),
    ...needs('OPENAI_API_KEY', 'TWILIO_ACCOUNT_SID', 'is needed for live calls, as TWILIO_ACCOUNT_SID is set'),
    ...['TRANSCRIPTION', 'TEXT', 'SPEECH'].flatMap((stage) => {
      const [url, key] = [`OPENAI_${stage}_BASE_URL`, `OPENAI_${stage}_API_KEY`] as const
      // The key of one server is never shown to another.
      return [...needs(key, url, `is needed with ${url}`), ...needs(url, key, `is needed with ${key}`)]
    }),
    ...needs('PUBLIC_URL', 'TWILIO_ACCOUNT_SID', 'is needed for live calls: Twilio calls back to it'),
  ]
}

type Variables = Record<string, string | undefined>

/** @throws Error that lists every fault of the environment at once, one a line. */
function parseEnvironment<S extends z.ZodType>(
  schema: S,
  environment: Variables,
  alsoFaulty: (given: Variables) => string[] = () => [],
): z.infer<S> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(given)
  const issues = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? []
  const faults = [...issues, ...alsoFaulty(given)]
  if (!parsed.success || faults.length) {
    throw new Error(
      `The environment has faults; mend them and start again:\n${faults.map((it) => `  ${it}`).join('\n')}`,
    )
  }
  return parsed.data
}

const serverAt = (baseUrl?: string, apiKey?: string) => (baseUrl && apiKey ? { baseUrl, apiKey } : undefined)

/** @throws Error that lists every fault of the environment at once, one a line. */
export function readConfig(environment: Variables): Config {
  const env = parseEnvironment(Environment, environment, missing)
  const publicUrl = env.PUBLIC_URL ?? ownUrl(env.PORT)
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
          textModel: env.OPENAI_TEXT_MODEL,
          speechModel: env.OPENAI_SPEECH_MODEL,
          elsewhere: {
            transcription: serverAt(env.OPENAI_TRANSCRIPTION_BASE_URL, env.OPENAI_TRANSCRIPTION_API_KEY),
            text: serverAt(env.OPENAI_TEXT_BASE_URL, env.OPENAI_TEXT_API_KEY),
            speech: serverAt(env.OPENAI_SPEECH_BASE_URL, env.OPENAI_SPEECH_API_KEY),
          },
        }
      : undefined,
    sandboxUrl: env.TALKIF_SANDBOX_URL,
    securityContact: env.TALKIF_SECURITY_CONTACT,
    drainSeconds: env.TALKIF_DRAIN_SECONDS,
    allowedHosts: env.TALKIF_ALLOWED_HOSTS,
    allowLoopbackWebhooks: false,
  }
}

/** Reads this process's own environment; the only place that does. */
export const ownConfig = (): Config => readConfig(process.env)

/** Which server the command line talks to, and as whom. */
export interface ClientConfig {
  /** Without a trailing slash. */
  url: string
  key: string | undefined
  /** Whether somebody named it, by an option or a variable. */
  isGiven: boolean
  /** Whether it is the server of `talkif dev` in this folder. */
  isDev: boolean
}

const NO_KEY = 'is no API key: it holds characters that no key has'
const key = text.refine(canBeKey, NO_KEY)

const ClientEnvironment = z.object({
  // A server prints the address of its API, and the paths of every operation begin with /v1.
  TALKIF_URL: url.transform((value) => value.replace(/\/v1$/, '')).optional(),
  TALKIF_KEY: key.optional(),
  TALKIF_DATA_DIR: Environment.shape.TALKIF_DATA_DIR,
})

/**
 * Options of the command, else `TALKIF_URL` and `TALKIF_KEY`, else what `talkif dev` wrote to this folder. Its key is given to
 * its own server alone. @throws Misconfigured
 */
export function clientConfig(options: { url?: string; key?: string }): ClientConfig {
  refuseFaults(options, process.env)
  const given = { ...process.env, ...named({ TALKIF_URL: options.url, TALKIF_KEY: options.key }) }
  const env = parseEnvironment(ClientEnvironment, given)
  const dev = readDevFile(env.TALKIF_DATA_DIR)
  const serverUrl = env.TALKIF_URL ?? dev?.url ?? ownUrl(8787)
  const isGiven = env.TALKIF_URL !== undefined
  const isDev = dev?.url === serverUrl
  return { url: serverUrl, key: env.TALKIF_KEY ?? (isDev ? dev.test_key : undefined), isGiven, isDev }
}

/** All faults at once; an option is told by its own name, not by that of the variable it goes before. @throws Misconfigured */
function refuseFaults(options: { url?: string; key?: string }, { TALKIF_URL, TALKIF_KEY }: Variables): void {
  const faults = [
    ...urlFaults(options.url === undefined ? 'TALKIF_URL' : '--url', options.url ?? TALKIF_URL),
    ...keyFaults(options.key === undefined ? 'TALKIF_KEY' : '--key', options.key ?? TALKIF_KEY),
  ]
  const inOne = (at: number) => faults.map((fault) => fault[at]).join(' ')
  if (faults.length) throw new Misconfigured(inOne(0), inOne(1))
}

/** What is wrong, and what to do. */
type Fault = [what: string, next: string]

function urlFaults(name: string, address: string | undefined): Fault[] {
  if (!address || url.safeParse(address).success) return []
  const isBare = !address.includes('://') && url.safeParse(`http://${address}`).success
  const meant = isBare ? `http://${address}` : 'one such as http://127.0.0.1:8787'
  return [[`${name} ${address} is no URL of a server.`, `Write ${meant}.`]]
}

const keyFaults = (name: string, given: string | undefined): Fault[] =>
  !given || key.safeParse(given).success ? [] : [[`${name} ${NO_KEY}.`, 'Give it as `talkif keys create` showed it.']]

const named = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined))

const DevServer = z.object({ url: z.string(), test_key: key })

/** The server of `talkif dev` in this folder; undefined where none has run, or its file was spoiled. */
function readDevFile(dataDir: string): z.infer<typeof DevServer> | undefined {
  try {
    return DevServer.safeParse(JSON.parse(readFileSync(join(dataDir, DEV_FILE), 'utf8'))).data
  } catch {
    return undefined
  }
}

/** What `${NAME}` in a file of the user's is filled from. */
export const ownVariables = (): Variables => process.env

/** As `npm start` does it. */
export const isRunByNpm = (): boolean => process.env.npm_lifecycle_event !== undefined

const DEV_FILE = 'dev.json'

/** Where `dev.json` and local files are. */
export const devFile = (config: Config): string => join(config.dataDir, DEV_FILE)
