import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A webhook as it arrived. */
export interface Hook {
  headers: Record<string, string>
  raw: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every event
  body: any
}

export interface Inbox {
  url: string
  /** Where redirects lead that `respond` asks for. */
  location?: string
  /** Everything that arrived, in order; repeats included. */
  hooks: Hook[]
  of(event: string): Hook[]
  /**
   * Resolves with the first webhook of `event` (of `callId`, if given) that has arrived or does; rejects when that call has another
   * outcome.
   */
  next(event: string, callId?: string): Promise<Hook>
  close(): Promise<void>
}

/** A webhook receiver on a real socket. `respond` chooses the status of each request; 204 by default. */
export async function openInbox(respond: (hook: Hook) => number = () => 204): Promise<Inbox> {
  const hooks: Hook[] = []
  const waiting = new Set<(hook: Hook) => void>()
  const server: Server = createServer((request, response) => {
    read(request)
      .then((raw) => {
        const hook = { headers: request.headers as Record<string, string>, raw, body: JSON.parse(raw) }
        const status = respond(hook)
        response.writeHead(status, inbox.location ? { location: inbox.location } : {}).end()
        hooks.push(hook)
        for (const wake of waiting) wake(hook)
      })
      .catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const is = (hook: Hook, event: string, callId?: string) =>
    hook.body.event === event && (callId === undefined || hook.body.call_id === callId)
  /** The call has ended otherwise: what is awaited will never come. */
  const isOtherEnd = ({ body }: Hook, event: string, callId?: string) =>
    callId !== undefined &&
    body.call_id === callId &&
    /^outcome\./.test(event) &&
    /^outcome\./.test(body.event) &&
    body.event !== event &&
    !body.retry
  const inbox: Inbox = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    hooks,
    of: (event) => hooks.filter((hook) => is(hook, event)),
    next(event, callId) {
      const here = hooks.find((hook) => is(hook, event, callId) || isOtherEnd(hook, event, callId))
      return new Promise((resolve, reject) => {
        const wake = (hook: Hook) => {
          const isOther = isOtherEnd(hook, event, callId)
          if (!isOther && !is(hook, event, callId)) return
          waiting.delete(wake)
          if (isOther) reject(new Error(`${event} was awaited, and ${hook.raw} came`))
          else resolve(hook)
        }
        waiting.add(wake)
        if (here) wake(here)
      })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return inbox
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
