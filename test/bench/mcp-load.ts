import { Agent, request } from 'node:http'
import { answerCommands } from './child.ts'

/** One request, as its sender wants it sent. */
export interface Post {
  path: string
  headers: Record<string, string>
  body: string
}

const agent = new Agent({ keepAlive: true })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Milliseconds from sending until the whole answer was read. @throws for a status that is no success. */
function post(url: string, { path, headers, body }: Post): Promise<number> {
  const sentAt = performance.now()
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers, ...length } }
    const sent = request(`${url}${path}`, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        // A refusal over MCP is a result that says so.
        const isRefused = (response.statusCode ?? 0) >= 300 || text.includes('"isError":true')
        if (isRefused) reject(new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 500)}`))
        else resolve(performance.now() - sentAt)
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

answerCommands(
  {
    /** Sends at a fixed rate, whether or not earlier requests were answered. */
    async steady({ url, posts, perSecond }: { url: string; posts: Post[]; perSecond: number }) {
      const start = performance.now()
      const sent: Promise<number>[] = []
      for (const [at, one] of posts.entries()) {
        await pause(Math.max(0, start + (at * 1000) / perSecond - performance.now()))
        sent.push(post(url, one))
      }
      return Promise.all(sent)
    },
  },
  async () => agent.destroy(),
)
