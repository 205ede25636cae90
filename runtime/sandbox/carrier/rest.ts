import type { IncomingMessage, ServerResponse } from 'node:http'
import { strikes } from '../chaos.ts'
import { sameSecret } from '../secret.ts'
import { type Call, type Network, startCall } from './call.ts'
import { listCalls } from './list.ts'
import type { MessageRecord } from './message.ts'
import { createMessages } from './messages.ts'
import { bad, parseCreate, parseUpdate, RestFault, ToldToRefuse, type UpdateCall } from './parameters.ts'
import { callResource } from './resource.ts'

/** The REST API of the sandbox's carrier: https://www.twilio.com/docs/voice/api/call-resource, and messages. */
export interface CarrierRest {
  /** @param path below the time factors, with its query: `/2010-04-01/Accounts/…` */
  handle(request: IncomingMessage, response: ServerResponse, path: string, time: Time): Promise<void>
  close(): void
}

export interface Time {
  pace: number
  waits: number
}

export interface Account {
  accountSid: string
  authToken: string
}

type Answer = [status: number, body: object]

const BODY_MAX = 65_536
const CALLS_MAX = 10_000

/** @param texts every message of either direction, oldest first. */
export function createCarrierRest(network: Network, account: Account, texts: MessageRecord[]): CarrierRest {
  const calls = new Map<string, Call>()
  const messages = createMessages(network, account.accountSid, texts)

  function create(form: URLSearchParams, time: Time): Call {
    const request = parseCreate(form)
    const { chaos } = network
    if (chaos.create?.refuse && strikes(chaos.create)) {
      if (chaos.create.refuse === 429) throw new RestFault(429, 20429, 'Too Many Requests')
      throw new RestFault(500, 20500, 'Internal Server Error')
    }
    const missed = (conversation: string | undefined) =>
      [...calls.values()].filter((call) => call.record.to === request.to && call.conversation === conversation).length
    const call = startCall(network, { account: account.accountSid, request, missed, ...time })
    calls.set(call.record.sid, call)
    if (calls.size > CALLS_MAX) calls.delete(calls.keys().next().value!)
    return call
  }

  const change = (call: Call, to: UpdateCall): boolean =>
    'status' in to ? call.end(to.status) : call.redirect(to.twiml, to.timeLimitSeconds)

  function callOf(sid: string, path: string): Call {
    const call = calls.get(sid)
    if (call) return call
    throw notFound(path)
  }

  async function answer(request: IncomingMessage, path: string, time: Time): Promise<Answer> {
    authenticate(request)
    const url = new URL(path, 'http://carrier')
    const [, owner, resource, sid] =
      /^\/2010-04-01\/Accounts\/(AC[0-9a-f]{32})\/(Calls|Messages)(?:\/((?:CA|SM)[0-9a-f]{32}))?\.json$/.exec(
        url.pathname,
      ) ?? []
    if (!owner) throw notFound(url.pathname)
    if (owner !== account.accountSid) throw noPermission()
    if (request.method !== 'GET' && request.method !== 'POST') throw new RestFault(405, 20004, 'Method not allowed')
    const form = request.method === 'POST' ? await readForm(request) : undefined
    return resource === 'Calls' ? answerCalls(url, sid, form, time) : answerMessages(url, sid, form, time)
  }

  function answerCalls(url: URL, sid: string | undefined, form: URLSearchParams | undefined, time: Time): Answer {
    if (!form) {
      if (sid) return [200, callResource(callOf(sid, url.pathname).record)]
      const records = [...calls.values()].map((call) => call.record)
      return [200, listCalls(records, url)]
    }
    if (!sid) return [201, callResource(create(form, time).record)]
    const call = callOf(sid, url.pathname)
    if (!change(call, parseUpdate(form))) throw bad(21220, 'Call is not in-progress. Cannot redirect.')
    return [200, callResource(call.record)]
  }

  function answerMessages(url: URL, sid: string | undefined, form: URLSearchParams | undefined, time: Time): Answer {
    if (form && sid) throw bad(20001, 'The sandbox does not change messages.')
    if (form) return [201, messages.create(form, time.waits)]
    if (!sid) return [200, messages.list(url)]
    const found = messages.fetch(sid)
    if (!found) throw notFound(url.pathname)
    return [200, found]
  }

  /** An account's credentials open that account and its subaccounts; the sandbox's has none. */
  function authenticate(request: IncomingMessage): void {
    const [scheme, encoded] = (request.headers.authorization ?? '').split(' ')
    const given = scheme === 'Basic' ? Buffer.from(encoded ?? '', 'base64').toString() : ''
    if (!sameSecret(given, `${account.accountSid}:${account.authToken}`)) throw noPermission()
  }

  return {
    async handle(request, response, path, time) {
      const { reads } = network.chaos
      if (request.method === 'GET' && reads?.lost && strikes(reads)) return void request.socket.destroy()
      const [, created] = /\/(Calls|Messages)\.json$/.exec(path) ?? []
      const [status, body] = await answer(request, path, time).catch((error: unknown): Answer => {
        if (!(error instanceof RestFault)) throw error
        report(error)
        const { code, message, status } = error
        return [status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }]
      })
      const trouble = status === 201 ? network.chaos[created === 'Calls' ? 'create' : 'messages'] : undefined
      if (trouble?.lost && strikes(trouble)) return void request.socket.destroy()
      if (trouble?.lateMs && strikes(trouble)) await late(trouble.lateMs)
      response.writeHead(status, { 'Content-Type': 'application/json', 'Twilio-Request-Id': 'RQ0' })
      response.end(JSON.stringify(body))
    },
    close() {
      for (const call of calls.values()) call.drop()
      messages.close()
    },
  }

  function late(ms: number): Promise<void> {
    return new Promise((resolve) => network.clock.setTimeout(resolve, ms))
  }

  /** What a correct application may run into is no violation: a call that is gone or over, and chaos. */
  function report(fault: RestFault): void {
    const { code, message } = fault
    if (!(fault instanceof ToldToRefuse) && ![20404, 20429, 20500, 21220].includes(code))
      network.violation(String(code), message)
  }
}

/** Also for credentials that belong to another account: https://www.twilio.com/docs/api/errors/20003 */
const noPermission = () => new RestFault(401, 20003, 'Authenticate')

const notFound = (path: string) => new RestFault(404, 20404, `The requested resource ${path} was not found`)

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) {
    throw new RestFault(415, 20001, 'The body must be application/x-www-form-urlencoded.')
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_MAX) throw new RestFault(413, 20413, 'The body is too large.')
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}
