import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { answerCommands } from './child.ts'

/** How often what is read: each path in its turn, at a fixed rate, whether or not earlier requests were answered. */
export interface Reading {
  url: string
  paths: readonly string[]
  perSecond: number
  seconds: number
}

const agent = new Agent({ keepAlive: true })

/** Milliseconds from the request until the whole answer is read. */
function read(url: string): Promise<number> {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${url} answered ${response.statusCode}`))
      response.resume()
      response.on('end', () => resolve(performance.now() - start))
    })
    sent.on('error', reject)
    sent.end()
  })
}

answerCommands(
  {
    async steady({ url, paths, perSecond, seconds }: Reading) {
      const start = performance.now()
      const reads: Promise<number>[] = []
      for (let at = 0; at < perSecond * seconds; at++) {
        await pause(Math.max(0, start + (at * 1000) / perSecond - performance.now()))
        reads.push(read(`${url}${paths[at % paths.length]}`))
      }
      return Promise.all(reads)
    },
  },
  async () => agent.destroy(),
)
