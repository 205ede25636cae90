import { Agent, request } from 'node:http'
import { answerCommands } from './child.ts'
import type { LeadRequest } from './leads.ts'
import { leadFor } from './leads.ts'

/** A request as its sender saw it. Epoch milliseconds with fractions, comparable between processes of one machine. */
export interface Sent {
  phone: string
  sentAt: number
  tookMs: number
  status: number
}

export interface Hammer {
  url: string
  keys: string[]
  firstLead: number
  concurrency: number
  ms: number
}

const agent = new Agent({ keepAlive: true })
const now = () => performance.timeOrigin + performance.now()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** `POST /v1/leads`, timed from the moment it is sent until its answer is read. */
function post(url: string, { key, body }: LeadRequest): Promise<Sent> {
  const sentAt = now()
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/leads`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
      },
      (response) => {
        response.resume()
        response.on('end', () =>
          resolve({ phone: body.phone, sentAt, tookMs: now() - sentAt, status: response.statusCode ?? 0 }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

answerCommands(
  {
    /** Sends at a fixed rate, whether or not earlier requests were answered. */
    async steady({ url, requests, perSecond }: { url: string; requests: LeadRequest[]; perSecond: number }) {
      const start = performance.now()
      const sent: Promise<Sent>[] = []
      for (const [at, one] of requests.entries()) {
        await pause(Math.max(0, start + (at * 1000) / perSecond - performance.now()))
        sent.push(post(url, one))
      }
      return Promise.all(sent)
    },
    /** Sends all at once. */
    burst: ({ url, requests }: { url: string; requests: LeadRequest[] }) =>
      Promise.all(requests.map((one) => post(url, one))),
    /** Keeps `concurrency` requests running, each workspace in its turn. */
    async hammer({ url, keys, firstLead, concurrency, ms }: Hammer) {
      const start = performance.now()
      const statuses: number[] = []
      let next = firstLead
      const one = async () => {
        while (performance.now() - start < ms) {
          const at = next++
          const { status } = await post(url, leadFor(at, keys[at % keys.length]!))
          statuses.push(status)
        }
      }
      await Promise.all(Array.from({ length: concurrency }, one))
      const accepted = statuses.filter((status) => status === 202).length
      return { accepted, refused: statuses.length - accepted, ms: performance.now() - start, next }
    },
  },
  async () => agent.destroy(),
)
