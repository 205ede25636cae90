import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
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

/**
 * A kept-alive connection that posts leads one after another with as little work as possible: what the generator costs, the measured
 * server lacks.
 */
async function openLine(url: string) {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  await once(socket, 'connect')
  let received = ''
  let answered: (status: number) => void = () => {}
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    const head = received.indexOf('\r\n\r\n')
    const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1]
    if (head < 0 || length === undefined || received.length < head + 4 + Number(length)) return
    answered(Number(received.slice(9, 12)))
    received = ''
  })
  const send = ({ key, body }: LeadRequest): Promise<number> => {
    const text = JSON.stringify(body)
    socket.write(
      `POST /v1/leads HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    )
    return new Promise((resolve) => {
      answered = resolve
    })
  }
  return Object.assign(send, { end: () => socket.end() })
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
        const send = await openLine(url)
        while (performance.now() - start < ms) {
          const at = next++
          statuses.push(await send(leadFor(at, keys[at % keys.length]!)))
        }
        send.end()
      }
      await Promise.all(Array.from({ length: concurrency }, one))
      const accepted = statuses.filter((status) => status === 202).length
      return { accepted, refused: statuses.length - accepted, ms: performance.now() - start, next }
    },
  },
  async () => agent.destroy(),
)
