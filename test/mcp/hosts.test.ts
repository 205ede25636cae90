import { request } from 'node:http'
import { expect, test } from 'vitest'
import { readConfig } from '../../runtime/config.ts'
import { startServer } from '../harness/talkif.ts'

/** `fetch` may not set Host. */
const statusFor = (url: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const sent = request(`${url}/mcp`, { method: 'POST', headers: { ...accept, ...headers } }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }))
  })

test('agents reach the endpoint by the names it is known by, and by no other', async () => {
  const environment = { PUBLIC_URL: 'https://talkif.example', TALKIF_ALLOWED_HOSTS: 'talkif, agents.internal' }
  const served = await startServer({ environment })
  try {
    for (const host of ['talkif.example', 'talkif:8787', 'agents.internal', 'localhost', '127.0.0.1:1', '[::1]:80'])
      expect(await statusFor(served.url, { host }), host).toBe(200)
    for (const host of ['talkif.example.evil', 'internal', 'example', '10.0.0.1'])
      expect(await statusFor(served.url, { host }), host).toBe(403)
    expect(await statusFor(served.url, { origin: 'https://talkif.example' })).toBe(200)
    expect(await statusFor(served.url, { origin: 'https://other.example' })).toBe(403)
  } finally {
    await served.drop()
  }
})

test('names that are none are told when the server starts', () => {
  expect(readConfig({}).allowedHosts).toEqual([])
  expect(readConfig({ TALKIF_ALLOWED_HOSTS: 'A.example,[::1]' }).allowedHosts).toEqual(['a.example', '[::1]'])
  for (const given of ['https://a.example', 'a.example:80', 'a.example,', '*'])
    expect(() => readConfig({ TALKIF_ALLOWED_HOSTS: given }), given).toThrow('TALKIF_ALLOWED_HOSTS')
})
