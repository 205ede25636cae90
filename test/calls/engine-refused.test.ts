import { expect } from 'vitest'
import { people, testWith } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const test = testWith({ chaos: { engine: { refuse: 401 } } })

test('a key that the engine refuses: whoever picked up is told so by the carrier, and the call is a miss', async ({
  served,
  talkif,
}) => {
  await talkif.configure({ sandbox: { pace: 10, waits: 900 } })
  await talkif.deploy('id: once\nmatch: {source: once}\non: {no_answer: "retry(15m, max=1)"}\n')
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
})
