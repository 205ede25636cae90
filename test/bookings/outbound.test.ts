import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { OutboundFailed, openOutbound } from '../../runtime/outbound.ts'

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const inside = openOutbound({ allowLoopback: true })

test('an answer is whole, whatever its status, and says what was asked', async () => {
  const url = await serving((request, response) => {
    const sent: Buffer[] = []
    request.on('data', (chunk: Buffer) => sent.push(chunk))
    request.on('end', () => response.writeHead(418, { etag: '"1"' }).end(`${request.method} ${Buffer.concat(sent)}`))
  })
  const answer = await inside(url, { method: 'REPORT', body: 'ğüş' })
  expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([418, '"1"', 'REPORT ğüş'])
})

test('a redirect is an answer, and leads nowhere', async () => {
  const url = await serving((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end())
  expect((await inside(url)).status).toBe(302)
  const empty = await serving((_, response) => response.writeHead(204).end())
  expect(await (await inside(empty)).text()).toBe('')
})

test.each([
  'https://10.0.0.1/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00::1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://0.0.0.0/',
  'http://example.com/',
  'ftp://example.com/',
])('%s is never asked', async (url) => {
  await expect(inside(url)).rejects.toBeInstanceOf(OutboundFailed)
})

test('loopback is asked only where that is allowed', async () => {
  let asked = 0
  const url = await serving((_, response) => {
    asked++
    response.end()
  })
  const outside = openOutbound({ allowLoopback: false })
  for (const address of [url, url.replace('http:', 'https:'), url.replace('127.0.0.1', 'localhost')]) {
    await expect(outside(address)).rejects.toBeInstanceOf(OutboundFailed)
  }
  expect(asked).toBe(0)
  expect((await inside(url)).status).toBe(200)
})

test('an answer that is too long, too slow or cut short is none', async () => {
  const long = await serving((_, response) => response.end(Buffer.alloc(3_000)))
  await expect(inside(long, { maxBytes: 2_048 })).rejects.toThrow('the answer is longer than 2 kB')
  const drips = await serving((_, response) => void response.write('x'))
  await expect(inside(drips, { timeoutMs: 100 })).rejects.toThrow('no answer within 0.1 s')
  const cut = await serving((_, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy())
  })
  await expect(inside(cut)).rejects.toBeInstanceOf(OutboundFailed)
})

test('who asked can let go of it', async () => {
  const drips = await serving((_, response) => void response.write('x'))
  const hangUp = new AbortController()
  const asked = inside(drips, { signal: hangUp.signal })
  hangUp.abort()
  await expect(asked).rejects.toBeInstanceOf(OutboundFailed)
})
