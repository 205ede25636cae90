import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, expectTypeOf } from 'vitest'
import { type Client, ConnectionError, createClient, TalkifError } from '../../openapi/client.ts'
import type { Output } from '../../openapi/operations.ts'
import { operations } from '../../openapi/operations.ts'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import { expectExactly } from '../api/checked.ts'
import { test as desk, lead, somebody } from '../api/desk.ts'
import { people, test } from '../harness/talkif.ts'

const yaml = 'id: flow_typed\nmatch:\n  source: typed\n'

/** What a promise was refused with. */
const refusal = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    (answer) => expect.fail(`answered: ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  )

/** A server that answers everything in one way. */
async function openServer(status: number, type: string, body: string) {
  const server = createServer((_, response) => response.writeHead(status, { 'content-type': type }).end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { api: createClient({ url, key: 'tk_test_any' }), url, [Symbol.asyncDispose]: close }
}

desk('all eight operations, each answer as the contract says', async ({ desk: { api } }) => {
  const phone = somebody()
  const flow = await api.upsertFlow({ yaml })
  expect(flow).toMatchObject({ id: 'flow_typed', version: 1, change: 'created' })
  const read = await api.getFlow({ id: flow.id })
  const receipt = await api.createLead({ source: 'typed', phone, consent: true })
  const call = await api.getCall({ id: receipt.call_id, include: ['transcript', 'trace'], wait: 0 })
  expect(call).toMatchObject({ id: receipt.call_id, phone, status: 'queued', transcript: [] })
  const list = await api.createList({ source: 'typed', consent: true, leads: [{ phone: somebody() }, { phone: '1' }] })
  expect([list.accepted, list.rejected]).toEqual([1, 1])
  const numbers = await api.listNumbers({ limit: 5 })
  expect(numbers.data.map((it) => it.phone)).toEqual([sandboxNumber])
  const queue = await api.upsertHandoff({ name: 'sales', targets: [{ phone: '+90 212 555 01 23' }] })
  expect(queue.targets).toEqual([{ phone: '+902125550123' }])
  const cancelled = await api.cancelLead({ id: receipt.lead_id })
  expect(cancelled).toMatchObject({ call_id: receipt.call_id, status: 'cancelled' })
  const answers: { [K in keyof Client]: Output<K> } = {
    createLead: receipt,
    getCall: call,
    upsertFlow: flow,
    getFlow: read,
    createList: list,
    listNumbers: numbers,
    upsertHandoff: queue,
    cancelLead: cancelled,
  }
  for (const [id, answer] of Object.entries(answers)) expectExactly(operations[id as keyof Client].output, answer)
})

test('it waits for the outcome', async ({ talkif: { api } }) => {
  const { call_id } = await api.createLead({ ...lead, phone: people.books })
  const call = await api.getCall({ id: call_id, wait: 60 })
  expect([call.status, call.outcome]).toEqual(['completed', 'booked'])
})

desk('types are those of the contract', ({ desk: { api } }) => {
  expectTypeOf(api.getCall)
    .returns.resolves.toHaveProperty('outcome')
    .toEqualTypeOf<'booked' | 'qualified' | 'no_answer' | 'not_fit' | 'wrong_number' | null>()
  expectTypeOf(api.createLead).parameter(0).toHaveProperty('source').toEqualTypeOf<string>()
  expectTypeOf<TalkifError['problem']['code']>().extract<'consent_required'>().toEqualTypeOf<'consent_required'>()
  // @ts-expect-error a lead needs a phone
  const phoneless = () => api.createLead({ source: 'web_form' })
  expectTypeOf(phoneless).returns.resolves.toHaveProperty('call_id')
})

desk('a refusal is a TalkifError with the problem, and reads as what to do', async ({ desk: { api, url } }) => {
  const error = await refusal(api.createLead({ ...lead, phone: '12', consent: false }))
  expect(error).toBeInstanceOf(TalkifError)
  const { problem, message } = error as TalkifError
  expect(problem).toMatchObject({
    code: 'consent_required',
    status: 422,
    type: `${url}/docs/problems/consent_required`,
  })
  expect(problem.errors?.map((it) => it.pointer)).toEqual(['/consent', '/phone'])
  expect(message).toBe(`${problem.title}: ${problem.detail} ${problem.suggested_action}`)
  expect(await refusal(createClient({ url, key: 'nonsense' }).listNumbers({}))).toMatchObject({
    problem: { code: 'unauthenticated' },
  })
})

desk('what can be no key is told before anything is sent', ({ desk: { url } }) => {
  for (const key of ['tk_test_…', '', 'two words', 'line\n'])
    expect(() => createClient({ url, key }), key).toThrow('This is no API key')
})

desk('the same idempotency key gets the same answer', async ({ desk: { api } }) => {
  const input = { ...lead, phone: somebody() }
  const options = { idempotencyKey: 'typed-1' }
  const first = await api.createLead(input, options)
  expect(await api.createLead(input, options)).toEqual(first)
  const other = await refusal(api.createLead({ ...input, intent: 'other' }, options))
  expect(other).toMatchObject({ problem: { code: 'idempotency_mismatch' } })
})

desk('ids and slashes: what is put in a URL is escaped, and a slash at its end does no harm', async ({ desk: it }) => {
  const api = createClient({ url: `${it.url}//`, key: it.key })
  expect((await api.listNumbers({})).data).toHaveLength(1)
  const error = await refusal(api.getFlow({ id: '../numbers?limit=1#' }))
  expect(error).toMatchObject({ problem: { code: 'invalid_request', param: 'id' } })
})

desk('a signal stops the wait, with its own reason', async ({ desk: { api } }) => {
  const { call_id } = await api.createLead({ ...lead, phone: somebody() })
  const stop = new AbortController()
  const waiting = refusal(api.getCall({ id: call_id, wait: 60 }, { signal: stop.signal }))
  stop.abort(new Error('enough'))
  expect(await waiting).toMatchObject({ message: 'enough' })
  expect(await refusal(api.getCall({ id: call_id }, { signal: AbortSignal.abort() }))).toMatchObject({
    name: 'AbortError',
  })
})

desk('nobody there: a ConnectionError that names the server, and its cause', async () => {
  const gone = await openServer(200, 'text/plain', '')
  await gone[Symbol.asyncDispose]()
  const error = await refusal(gone.api.listNumbers({}))
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error).toMatchObject({ message: `${gone.url} could not be reached.`, status: undefined })
  expect((error as Error).cause).toBeInstanceOf(TypeError)
})

desk.for([
  ['a page of a proxy', 502, 'text/html', '<h1>Bad gateway</h1>'],
  ['nothing', 200, 'application/json', ''],
  ['half an answer', 200, 'application/json', '{"data": ['],
  ['an error of somebody else', 403, 'application/json', '{"message": "no"}'],
  ['a number', 500, 'application/json', '1'],
] as const)('another server, %s: a ConnectionError with the status', async ([, status, type, body]) => {
  await using other = await openServer(status, type, body)
  const error = await refusal(other.api.listNumbers({}))
  expect(error).toBeInstanceOf(ConnectionError)
  expect(error).toMatchObject({ message: `${other.url} answered ${status}, but not as a Talkif server does.`, status })
})

desk('any fetch will do', async ({ desk: it }) => {
  const asked: string[] = []
  const own: typeof fetch = (input, init) => {
    asked.push(`${init?.method} ${new URL(String(input)).pathname}`)
    return fetch(input, init)
  }
  await createClient({ url: it.url, key: it.key, fetch: own }).listNumbers({})
  expect(asked).toEqual(['GET /v1/numbers'])
})
