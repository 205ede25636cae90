import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PlaceCall } from '../../runtime/carrier/port.ts'
import { systemClock } from '../../runtime/clock.ts'

export const account = { accountSid: `AC${'b'.repeat(32)}`, authToken: 'token', clock: systemClock }

/** A server that does one thing, however wrong, to every request. */
export async function rawServer(answer: (request: http.IncomingMessage, response: http.ServerResponse) => void) {
  const requests: { method: string; url: string; body: string; headers: http.IncomingHttpHeaders }[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get sockets() {
      return new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function json(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export const placing = (over: Partial<PlaceCall> = {}): PlaceCall => ({
  from: '+12025550190',
  to: '+12025550100',
  ringSeconds: 25,
  maxSeconds: 600,
  statusUrl: 'https://talkif.example/carrier/twilio/status',
  mediaUrl: 'wss://talkif.example/carrier/twilio/media',
  streamParameters: { token: 'a"b<c>&d', attempt: 'att_1' },
  detectMachine: true,
  signal: new AbortController().signal,
  beforeSend: () => {},
  ...over,
})
