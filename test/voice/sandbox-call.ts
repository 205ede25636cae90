import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { acceptMediaStream } from '../../runtime/carrier/twilio/media-stream.ts'
import { type TwilioCarrier, twilioCarrier } from '../../runtime/carrier/twilio/twilio.ts'
import { type Clock, elastic, faster, systemClock } from '../../runtime/clock.ts'
import { type Chaos, type Sandbox, startSandbox } from '../../runtime/sandbox/server.ts'
import { openCascade } from '../../runtime/voice/cascade/engine.ts'
import { type Engine, openEngine } from '../../runtime/voice/engine.ts'
import { startLoop } from '../../runtime/voice/loop.ts'
import type { Conversation, Desk, EndedBy, Recorder, SpanName, ToolResult, Turn } from '../../runtime/voice/port.ts'
import { speechDir } from '../harness/cache.ts'

export const credentials = { accountSid: `AC${'a'.repeat(32)}`, authToken: 'token', apiKey: 'sk-sandbox' }

/** What a call left behind. */
export interface Story {
  by: EndedBy
  detail: string | undefined
  turns: Turn[]
  tools: { name: string; args: Record<string, unknown> }[]
  heard: string[]
  spans: { name: SpanName; ms: number; attributes: Record<string, unknown>; below?: string }[]
  /** In order: `answered`, `hangUp`, `ended`. */
  steps: string[]
  said(role: Turn['role']): string
}

export interface CallPlan {
  to: string
  conversation?: Partial<Conversation>
  tool?(name: string, args: Record<string, unknown>): Promise<ToolResult> | ToolResult | undefined
  heard?(text: string): ToolResult | undefined
  digit?(digit: string): ToolResult | undefined
  /** A turn is final. */
  turn?(turn: Turn): void
  recorder?: Recorder
  /** Called once the loop runs. */
  during?(loop: { end(by: EndedBy): void }): void
}

const slot = { slot_id: 'slot_1', spoken: 'Tuesday the third at ten in the morning' }
const parameters = { type: 'object', properties: {} }
const tool = (name: string) => ({ name, description: name, parameters })

export const conversation: Conversation = {
  callId: 'call_1',
  attemptId: 'attempt_1',
  greeting: 'Hi, this is Talkif, an AI assistant calling on behalf of Helena Education. Got a moment?',
  greetingInterruptible: true,
  instructions: 'Ask what the caller needs and when, then offer a time.',
  tools: [
    {
      ...tool('save_answer'),
      parameters: { type: 'object', properties: { slot: { enum: ['need', 'timing'] }, value: { type: 'string' } } },
    },
    ...['check_slots', 'book_slot', 'stop_calling', 'wrong_number', 'not_a_fit', 'end_call'].map(tool),
  ],
  voice: 'marin',
  language: 'en',
  maxDurationSeconds: 300,
  idleSeconds: 8,
}

interface CallsOptions {
  pace?: number
  chaos?: Chaos
  kind?: Engine['kind']
}

/** A sandbox, its phone network's application on real sockets, and calls through them. */
export async function startCalls({ pace = 20, chaos = {}, kind = 'realtime' }: CallsOptions = {}) {
  const clock = elastic(systemClock)
  const sandbox = await startSandbox({
    clock,
    credentials,
    chaos,
    cacheDir: speechDir,
  })
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(204).end()
  })
  const sockets = new WebSocketServer({ server, maxPayload: 1_000_000 }).setMaxListeners(0)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const carrier = twilioCarrier({
    ...credentials,
    clock: systemClock,
    baseUrl: sandbox.carrierUrl({ pace, waits: 500 }),
  })
  return {
    sandbox,
    carrier,
    call: (plan: CallPlan) => call({ sandbox, clock, carrier, sockets, host, pace, kind }, plan),
    async close() {
      carrier.close()
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      server.closeAllConnections()
      await sandbox.close()
    },
  }
}

interface Line {
  sandbox: Sandbox
  /** Both ends live by it. */
  clock: Clock
  carrier: TwilioCarrier
  sockets: WebSocketServer
  host: string
  pace: number
  kind: Engine['kind']
}

async function call(
  { sandbox, clock: shared, carrier, sockets, host, pace, kind }: Line,
  plan: CallPlan,
): Promise<Story> {
  const clock = faster(shared, pace)
  const talk = { ...conversation, ...plan.conversation }
  const settings = { baseUrl: sandbox.engineUrl({ pace }), apiKey: credentials.apiKey, clock }
  const models = { model: 'gpt-realtime', transcriptionModel: 'gpt-4o-transcribe' }
  const cascade = { textModel: 'gpt-4.1-mini', speechModel: 'gpt-4o-mini-tts' }
  const open = kind === 'cascade' ? openCascade : openEngine
  const engine = open({ ...settings, ...models, ...cascade }, talk)
  await engine.ready
  const path = `/media/${randomUUID()}`
  const connection = connectionTo(sockets, path)
  const { carrierId } = await carrier.placeCall({
    ...{ from: sandboxNumber, to: plan.to, ringSeconds: 30, maxSeconds: 600, detectMachine: false },
    ...{ statusUrl: `http://${host}/status`, mediaUrl: `ws://${host}${path}`, streamParameters: { token: 'secret' } },
    signal: AbortSignal.timeout(10_000),
    beforeSend: () => {},
  })
  const socket = await connection
  const stream = await acceptMediaStream(socket, { clock, startTimeoutMs: 60_000 })
  const { desk, story } = createDesk(plan, () => carrier.hangUp(carrierId))
  const loop = startLoop({ clock, conversation: talk, desk, stream, engine, recorder: plan.recorder })
  plan.during?.(loop)
  await loop.done
  return story
}

function connectionTo(sockets: WebSocketServer, path: string): Promise<WebSocket> {
  return new Promise((resolve) => {
    sockets.on('connection', function onConnection(socket, request) {
      if (request.url !== path) return
      sockets.off('connection', onConnection)
      resolve(socket)
    })
  })
}

function createDesk(plan: CallPlan, hangUp: () => Promise<void>): { desk: Desk; story: Story } {
  const story: Story = {
    ...{ by: 'shutdown', detail: undefined, turns: [], tools: [], heard: [], spans: [], steps: [] },
    said: (role) =>
      story.turns
        .filter((turn) => turn.role === role)
        .map(({ text }) => text)
        .join(' '),
  }
  const desk: Desk = {
    async answered() {
      story.steps.push('answered')
    },
    async runTool(name, args) {
      story.tools.push({ name, args })
      return (await plan.tool?.(name, args)) ?? usualResult(name)
    },
    turn(turn) {
      story.turns.push(turn)
      plan.turn?.(turn)
    },
    async heard(text) {
      story.heard.push(text)
      return plan.heard?.(text)
    },
    digit: async (digit) => plan.digit?.(digit),
    personCame: async () => {},
    lineClosed: () => {},
    async hangUp() {
      story.steps.push('hangUp')
      await hangUp()
    },
    async ended(by, detail) {
      story.steps.push('ended')
      Object.assign(story, { by, detail })
    },
    span: (name, startedAt, endedAt, attributes = {}, below?) =>
      `${name} ${story.spans.push({ name, ms: endedAt - startedAt, attributes, ...(below ? { below } : {}) })}`,
  }
  return { desk, story }
}

export const goodbye = (output: unknown): ToolResult => ({ output, next: 'say_goodbye' })

function usualResult(name: string): ToolResult {
  if (name === 'check_slots') return { output: { slots: [slot] } }
  if (name === 'book_slot') return { output: { booked: true, spoken: slot.spoken } }
  if (['end_call', 'stop_calling', 'wrong_number', 'not_a_fit'].includes(name)) return goodbye({ ok: true })
  return { output: { saved: true } }
}
