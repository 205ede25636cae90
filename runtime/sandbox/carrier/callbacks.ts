import { randomUUID } from 'node:crypto'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { type Clock, pause } from '../../clock.ts'
import type { Chaos } from '../chaos.ts'

/** X-Twilio-Signature (https://www.twilio.com/docs/usage/security#validating-requests). */
export const sign = (authToken: string, url: string, params: Record<string, string>) =>
  getExpectedTwilioSignature(authToken, url, params)

export interface Callback {
  url: string
  method: 'GET' | 'POST'
  params: Record<string, string>
}

/** The requests of one call, or one message, to its application. */
export interface Callbacks {
  /** Posted after the ones before it; never throws, never waits for the answer to anything else. */
  post(callback: Callback): void
  /** It is over: what was held back may go. */
  ended(): void
}

export interface CallbackOptions {
  authToken: string
  clock: Clock
  chaos: Chaos
  /** Aborts when the sandbox closes. */
  signal: AbortSignal
  log(line: object): void
}

/** Twilio waits 15 s for a webhook (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). */
const TIMEOUT_MS = 15_000

export function createCallbacks({ authToken, clock, chaos, signal, log }: CallbackOptions): Callbacks {
  let queue = Promise.resolve()
  let held: Callback[] = []

  async function send({ url, method, params }: Callback): Promise<void> {
    const answer = await request({ url, method, params }, authToken, signal).catch((error: Error) =>
      String(error.cause ?? error),
    )
    if (typeof answer === 'string') return log({ event: 'callback.failed', url, params, error: answer })
    await answer.arrayBuffer().catch(() => undefined)
    log({ event: answer.ok ? 'callback' : 'callback.refused', url, params, status: answer.status })
  }

  function enqueue(callback: Callback): void {
    queue = queue.then(async () => {
      await pause(clock, chaos.callbacks?.delayMs ?? 0, signal)
      if (!signal.aborted) await send(callback)
      if (chaos.callbacks?.doubled && !signal.aborted) await send(callback)
    })
  }

  return {
    post(callback) {
      const { CallStatus, MessageStatus = '' } = callback.params
      if (chaos.callbacks?.dropped?.includes(CallStatus ?? MessageStatus)) return
      if (chaos.callbacks?.shuffled) held.push(callback)
      else enqueue(callback)
    },
    ended() {
      for (const callback of held.reverse()) enqueue(callback)
      held = []
    },
  }
}

/** One signed request to the application. Rejects when there is no answer. */
export function request({ url, method, params }: Callback, authToken: string, signal: AbortSignal): Promise<Response> {
  const target = method === 'GET' ? withQuery(url, params) : url
  const signature = sign(authToken, target, method === 'GET' ? {} : params)
  const headers = {
    'X-Twilio-Signature': signature,
    'I-Twilio-Idempotency-Token': randomUUID(),
    'User-Agent': 'TwilioProxy/1.1',
  }
  const timely = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const body = method === 'GET' ? undefined : new URLSearchParams(params)
  return fetch(target, { method, headers, body, signal: timely, redirect: 'manual' })
}

function withQuery(url: string, params: Record<string, string>): string {
  const target = new URL(url)
  for (const [name, value] of Object.entries(params)) target.searchParams.append(name, value)
  return target.href
}
