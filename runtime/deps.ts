import type { NodeWatch } from './calls/media-nodes.ts'
import type { Messaging } from './carrier/messaging.ts'
import type { CarrierOutage } from './carrier/outage.ts'
import type { Carrier } from './carrier/port.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Db, Sql } from './db/connect.ts'
import type { Mode } from './db/schema.ts'
import type { FlowVersions } from './flows/read.ts'
import type { Routers } from './flows/routing.ts'
import type { SendJob, SendJobs } from './jobs/boss.ts'
import type { WriteLead } from './leads/write-together.ts'
import type { Log } from './log.ts'
import type { FetchOutside } from './outbound.ts'
import type { Telemetry } from './telemetry/spans.ts'
import type { Together } from './together.ts'
import type { StageServers } from './voice/cascade/engine.ts'
import type { PostWebhook } from './webhooks/post.ts'

/** What the functions of `runtime/` are given. One plain object, made by `openRuntime`. */
export interface Deps {
  config: Config
  clock: Clock
  /** What sandbox calls live by, at their own pace; shared with the sandbox of this process. */
  sandboxClock: Clock
  log: Log
  db: Db
  sql: Sql
  send: SendJob
  sendAll: SendJobs
  telemetry: Telemetry
  networks: Networks
  /** The processes that carry conversations. */
  nodes: NodeWatch
  routers: Routers
  flowVersions: FlowVersions
  callChanges: CallChanges
  secrets: DeploymentSecrets
  postWebhook: PostWebhook
  /** Servers that a workspace names: calendars, tools. */
  fetchOutside: FetchOutside
  writeLead: WriteLead
  /** Does one thing for all who want it at the same time. */
  together: Together
}

/** Where an engine is, and its models: one that hears and speaks, and the three of a cascade. */
export interface EngineAccount {
  baseUrl: string | undefined
  apiKey: string
  model: string
  transcriptionModel: string
  textModel: string
  speechModel: string
  /** Stages of a cascade that another server does. */
  elsewhere?: StageServers
}

/** The telephone network and the voice engine of a call: the carrier's and OpenAI's, or the sandbox's. */
export interface Network {
  carrier: Carrier & Messaging
  outage: CarrierOutage
  engine: EngineAccount
  /** Where the carrier reaches our callbacks, e.g. `https://talkif.example`. */
  callbackBase: string
}

export interface Networks {
  /** Why calls of this mode cannot be placed here; undefined when they can. */
  unavailable(mode: Mode): string | undefined
  of(call: { mode: Mode; pace: number; clockRate: number }): Network
  /** The process that will carry the media of a call about to be dialed: where the carrier connects, and its id. */
  mediaNode(mode: Mode): Promise<{ id: string; mediaUrl: string } | undefined>
}

export interface CallChanges {
  /** Resolves when the call changes its status, when `signal` aborts, or after `ms`. */
  next(callId: string, ms: number, signal?: AbortSignal): Promise<void>
  /** Nobody waits from now on: whoever does is answered with what is known. */
  stop(): void
  readonly stopped: boolean
}

/** Random values that every process of the deployment shares; base64url. */
export interface DeploymentSecrets {
  artifactLinks: string
  sandboxAuthToken: string
  sandboxApiKey: string
}

/** Who is asking: a key of one workspace, in one mode. Every read and write is bound to it. */
export interface Caller {
  workspaceId: string
  mode: Mode
}
