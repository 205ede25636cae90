import { expect } from 'vitest'
import type { Call } from '../../openapi/schemas/call.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { people, testWith } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const chaos: Chaos = { engine: { refuse: 401 } }
const test = testWith({ chaos })

/** Why the engine was lost, attempt by attempt, as a user reads it in the trace. */
const lostBy = (call: Call) =>
  call.trace!.spans.filter(({ name }) => name === 'engine.lost').map(({ attributes }) => attributes.detail)

test.for(['realtime', 'cascade'] as const)(
  'a key that the %s engine refuses: whoever picked up is told so by the carrier, and the call is a miss',
  async (engine, { served, talkif }) => {
    await talkif.configure({ sandbox: { pace: 10, waits: 900 } })
    await talkif.deploy(
      `id: once\nmatch: {source: once}\ncall: {engine: ${engine}}\non: {no_answer: "retry(15m, max=1)"}\n`,
    )
    const { call_id } = await talkif.api.createLead({
      phone: people.books,
      source: 'once',
      language: 'en',
      consent: true,
    })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ outcome: 'no_answer', reason: 'engine_lost', attempts: [{ attempt: 1 }] })
    const { carrier } = served.runtime.networks.of({ mode: 'test', pace: 10, clockRate: 900 } as never)
    const sid = call.attempts[0]!.provider_call_sid!
    const over = await until(async () => {
      const known = await carrier.getCall(sid)
      return known?.status === 'completed' && known
    })
    // Two sentences, not a click.
    expect(over.durationSeconds).toBeGreaterThanOrEqual(3)
    expect(served.sandbox!.violations).toEqual([])
  },
)

test('the flow dials again, says so in the webhook of the first miss, and the trace says why each was lost', async ({
  served,
  talkif,
}) => {
  await talkif.configure({ sandbox: { pace: 10, waits: 900 } })
  await talkif.deploy('id: twice\nmatch: {source: twice}\non: {no_answer: "retry(15m, max=2)"}\n')
  const rang = served.sandbox!.rang.length
  const lead = { phone: people.books, source: 'twice', language: 'en', consent: true } as const
  const { call_id } = await talkif.api.createLead(lead)
  const call = await talkif.finished(call_id)
  expect(call).toMatchObject({ outcome: 'no_answer', reason: 'engine_lost' })
  expect(call.attempts.map(({ attempt }) => attempt)).toEqual([1, 2])
  expect(served.sandbox!.rang.slice(rang).map(({ to }) => to)).toEqual([people.books, people.books])
  expect(talkif.inbox.of('outcome.no_answer').map(({ body }) => body)).toMatchObject([
    { reason: 'engine_lost', retry: { attempt: 2, max: 2, at: expect.any(String) } },
    { reason: 'engine_lost', retry: null },
  ])
  expect(lostBy(call)).toEqual([expect.stringMatching(/^401: /), expect.stringMatching(/^401: /)])

  chaos.engine = { dropAfterAudioMs: 200 }
  await talkif.deploy('id: once\nmatch: {source: once}\non: {no_answer: "retry(15m, max=1)"}\n')
  const dropped = await talkif.api.createLead({ ...lead, source: 'once', phone: people.qualifies })
  const other = await talkif.finished(dropped.call_id)
  expect(other).toMatchObject({ outcome: 'no_answer', reason: 'engine_lost' })
  expect(lostBy(other)).toEqual([expect.stringMatching(/1006/)])
})
