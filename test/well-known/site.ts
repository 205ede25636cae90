import { request } from 'node:http'
import { test as base } from 'vitest'
import type { Served } from '../../cli/serve.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { startServer } from '../harness/talkif.ts'

const DAY_MS = 86_400_000

/** A server whose calendar the test turns on. */
export interface Site {
  served: Served
  /** Moves the wall clock on. */
  pass(days: number): void
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>
}

export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the pattern to learn what a fixture needs
  .extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
    let days = 0
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + days * DAY_MS }
    const served = await startServer({ clock })
    onCleanup(() => served.drop())
    const site: Site = {
      served,
      pass(more) {
        days += more
      },
      get: (path, headers = {}, method = 'GET') => fetch(new URL(path, served.url), { method, headers }),
    }
    return site
  })

/** A GET with a `Host` of the caller's own, which `fetch` does not send. */
export function getAs(
  url: string,
  host: string,
): Promise<{ text: string; etag: string | undefined; link: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const { etag, link } = response.headers
        resolve({ text: Buffer.concat(chunks).toString(), etag, link: link?.toString() })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Every link of an HTML page, a Markdown text, a sitemap or a JSON document, as it is written. */
export function linksIn(type: string, text: string): string[] {
  if (type.startsWith('text/html')) return found(text, /\b(?:href|src)="([^"]+)"/g)
  if (type.startsWith('application/xml')) return found(text, /<loc>([^<]+)<\/loc>/g)
  if (type.includes('json')) return found(text, /"(https?:\/\/[^"\s]+)"/g)
  // Links, not what stands in code: there it may be an address to replace.
  return found(text.replaceAll(/```[\s\S]*?```|`[^`\n]*`(?!\])/g, ''), /\]\((\S+?)\)/g)
}

const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)
