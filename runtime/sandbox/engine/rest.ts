import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, faster } from '../../clock.ts'
import { type Chaos, strikes } from '../chaos.ts'
import { sameSecret } from '../secret.ts'
import type { Speech } from '../speech/speech.ts'
import { createTimers } from '../timers.ts'
import { complete } from './chat.ts'
import { parseChatRequest } from './chat-request.ts'
import { Refusal } from './shape.ts'
import { parseSpeechRequest, speakTo } from './speech-endpoint.ts'

export interface EngineRestOptions {
  clock: Clock
  speech: Speech
  chaos: Chaos
  apiKey: string
  violation(code: string, message: string): void
}

const BODY_MAX = 4_000_000
const TEXT_LATENCY_MS = 250
const SPEECH_LATENCY_MS = 60

/** The engine's endpoints beside its sockets: chat completions and speech, both streamed. */
export async function engineRest(
  { clock, speech, chaos, apiKey, violation }: EngineRestOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { path, pace }: { path: string; pace: number },
): Promise<void> {
  const timers = createTimers(faster(clock, pace))
  response.on('close', timers.clear)
  const refuse = (status: number, code: string, message: string, param: string | null = null) => {
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ error: { message, type: 'invalid_request_error', param, code } }))
  }
  const told = path === '/v1/chat/completions' ? chaos.text : chaos.speech
  try {
    if (!sameSecret(request.headers.authorization ?? '', `Bearer ${apiKey}`)) {
      violation('invalid_api_key', 'Incorrect API key provided.')
      return refuse(401, 'invalid_api_key', 'Incorrect API key provided.')
    }
    const body = await jsonBody(request)
    const latencyMs = (told?.slowMs ?? 0) * pace
    const begin = path === '/v1/chat/completions' ? textOf(parseChatRequest(body)) : speechOf(parseSpeechRequest(body))
    if (told?.refuse && strikes(told)) return refuse(told.refuse, codes[told.refuse], 'The sandbox was told to refuse.')
    await begin(latencyMs)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    violation(error.code, error.message)
    refuse(400, error.code, error.message, error.param)
  }

  function textOf(params: ReturnType<typeof parseChatRequest>) {
    return (slowMs: number) =>
      complete(
        { response, timers, latencyMs: TEXT_LATENCY_MS + slowMs, created: Math.floor(clock.now() / 1000) },
        params,
      )
  }
  function speechOf(params: ReturnType<typeof parseSpeechRequest>) {
    return (slowMs: number) => speakTo({ response, speech, timers, latencyMs: SPEECH_LATENCY_MS + slowMs }, params)
  }
}

const codes = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded', 500: 'server_error', 503: 'server_error' }

/** @throws {Refusal} when it is no JSON, or too long */
async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > BODY_MAX) throw new Refusal('request_too_large', 'The request is too large.')
    chunks.push(chunk as Buffer)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal('invalid_json', 'We could not parse the JSON body of your request.')
  }
}
