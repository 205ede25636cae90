import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, describe, expect } from 'vitest'
import { createClient } from '../../openapi/client.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { deliveries } from '../../runtime/db/schema.ts'
import { openWebhookPoster } from '../../runtime/webhooks/post.ts'
import { isForbiddenTarget } from '../../runtime/webhooks/targets.ts'
import { openInbox } from '../harness/inbox.ts'
import { openWorkspace, people, startServer, test } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

/** Every way to write an address that no webhook may go to; none of them is ever sent to here. */
const literals = [
  ...[
    '127.0.0.1',
    '127.8.9.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '0.0.0.0',
    '0',
    '[::]',
  ],
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]'],
  ...[
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.254',
    '192.168.1.1',
    '100.64.0.1',
    '[::ffff:10.0.0.1]',
    '[fc00::1]',
    '[fd12:3456::1]',
  ],
  ...['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]', '0xa9fea9fe', '[fd00:ec2::254]'],
]

const refused = /is not allowed/
const send = (url: string, allowLoopback = false) => openWebhookPoster({ allowLoopback }).post(url, {}, '{}')

describe('no request leaves', () => {
  test.for(literals)('for %s', async (host) => {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}:9/hook`
      expect(isForbiddenTarget(url, false)).toBe(true)
      expect(await send(url)).toEqual({ ok: false, error: expect.stringMatching(refused) })
    }
  })

  test('for loopback, though somebody listens there', async ({ onTestFinished }) => {
    const inbox = await openInbox()
    onTestFinished(inbox.close)
    const { port } = new URL(inbox.url)
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '2130706433', '[::ffff:127.0.0.1]']) {
      expect(await send(`http://${host}:${port}/`)).toEqual({ ok: false, error: expect.stringMatching(refused) })
    }
    expect(inbox.hooks).toEqual([])
    for (const host of ['localhost.', 'api.localhost', 'a.b.localhost.']) {
      expect(isForbiddenTarget(`http://${host}:${port}/`, false)).toBe(true)
    }
    // The same request where loopback is allowed, as in `talkif dev`.
    expect(await send(inbox.url, true)).toEqual({ ok: true, status: 204 })
    expect(inbox.hooks).toHaveLength(1)
  })

  test('for anything but loopback, where loopback is allowed', async () => {
    for (const host of ['10.0.0.1', '169.254.169.254', '[fe80::1]', '0.0.0.0', '192.168.0.1']) {
      expect(isForbiddenTarget(`http://${host}/`, true)).toBe(true)
      expect(await send(`http://${host}:9/`, true)).toEqual({ ok: false, error: expect.stringMatching(refused) })
    }
  })
})

describe('no name helps', () => {
  const { lookup } = dns
  afterEach(() => {
    dns.lookup = lookup
    syncBuiltinESMExports()
  })

  /** Names mean what this test says; nobody else is asked. Returns the names asked for. */
  function resolve(answers: (name: string) => string[]): string[] {
    const asked: string[] = []
    const fake = (name: string, options: { all?: boolean }, done: (error: null, ...found: unknown[]) => void) => {
      asked.push(name)
      const found = answers(name).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      if (options.all) done(null, found)
      else done(null, found[0]!.address, found[0]!.family)
    }
    dns.lookup = fake as unknown as typeof dns.lookup
    syncBuiltinESMExports()
    return asked
  }

  test.for([
    ['metadata.google.internal', ['169.254.169.254']],
    ['intranet.example', ['10.1.2.3']],
    ['me.example', ['127.0.0.1']],
    ['six.example', ['::1']],
    ['mapped.example', ['::ffff:192.168.0.1']],
    ['nat64.example', ['64:ff9b::7f00:1']],
    // Good and bad together: what connects may be either.
    ['both.example', ['93.184.215.14', '10.0.0.1']],
  ] as const)('%s', async ([name, addresses]) => {
    const asked = resolve(() => [...addresses])
    for (const scheme of ['http', 'https']) {
      expect(await send(`${scheme}://${name}:9/`)).toEqual({ ok: false, error: expect.stringMatching(refused) })
    }
    expect(asked).toEqual([name, name])
  })

  test('that changes its mind between two look-ups', async () => {
    let turn = 0
    const asked = resolve(() => (turn++ === 0 ? ['10.0.0.1'] : ['127.0.0.1']))
    expect(await send('http://rebound.example:9/')).toEqual({ ok: false, error: expect.stringMatching(refused) })
    expect(await send('http://rebound.example:9/')).toEqual({ ok: false, error: expect.stringMatching(refused) })
    // The address that was judged is the one that would be connected to: one look-up a request.
    expect(asked).toHaveLength(2)
  })
})

test('a workspace is told of a forbidden target when it names one, all faults at once, and nothing is stored', async ({
  talkif,
}) => {
  const before = await (await talkif.fetch('/workspace')).json()
  const urls = ['http://10.0.0.1/', 'https://169.254.169.254/latest', 'https://[fd00::1]/', 'https://fine.example/']
  const response = await talkif.fetch('/workspace', {
    method: 'PUT',
    body: JSON.stringify({ webhooks: urls.map((url) => ({ url, events: ['*'] })) }),
    headers: { 'content-type': 'application/json' },
  })
  expect(response.status).toBe(422)
  const problem = (await response.json()) as { errors: { pointer: string }[] }
  expect(problem.errors.map(({ pointer }) => pointer)).toEqual([
    '/webhooks/0/url',
    '/webhooks/1/url',
    '/webhooks/2/url',
  ])
  expect(await (await talkif.fetch('/workspace')).json()).toEqual(before)
})

test('outside `talkif dev` loopback is refused too: by the workspace, and by the delivery of one named before', async ({
  onTestFinished,
}) => {
  const dev = await startServer()
  onTestFinished(dev.drop)
  const talkif = await openWorkspace(dev)
  onTestFinished(talkif.inbox.close)
  await dev.close()
  const served = await startServer({
    allowLoopbackWebhooks: false,
    environment: { DATABASE_URL: dev.runtime.config.databaseUrl! },
  })
  onTestFinished(served.drop)
  const api = createClient({ url: served.url, key: talkif.key })
  for (const url of [talkif.inbox.url, 'http://localhost:8080/', 'http://api.localhost/', 'https://[::1]/']) {
    const response = await fetch(`${served.url}/workspace`, {
      method: 'PUT',
      body: JSON.stringify({ webhooks: [{ url, events: ['*'] }] }),
      headers: { authorization: `Bearer ${talkif.key}`, 'content-type': 'application/json' },
    })
    expect(await response.text()).toMatch(/loopback/)
    expect(response.status).toBe(422)
  }
  const { call_id } = await api.createLead({
    source: 'web_form',
    intent: 'pricing',
    consent: true,
    phone: people.carrier_fails,
  })
  const { db } = served.runtime
  const [delivery] = await until(async () => {
    const rows = await db.select().from(deliveries).where(eq(deliveries.tries, 1))
    return rows.length > 0 && rows
  })
  expect(delivery).toMatchObject({ status: 'pending', lastStatus: null, lastError: expect.stringMatching(refused) })
  expect(talkif.inbox.hooks).toEqual([])
  await api.getCall({ id: call_id })
})
