import { expect } from 'vitest'
import { people, testWith } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const test = testWith({})

test.for(['realtime', 'cascade'] as const)(
  'nobody picks up: the %s session that was opened while the phone rang is closed with the attempt',
  async (engine, { served, talkif }) => {
    // Some seconds of ringing.
    await talkif.configure({ sandbox: { pace: 10, waits: 10 } })
    await talkif.deploy(
      `id: rings\nmatch: {source: rings}\ncall: {engine: ${engine}}\non: {no_answer: "retry(15m, max=1)"}\n`,
    )
    const { sessions, violations } = served.sandbox!
    const before = sessions.length
    const { call_id } = await talkif.api.createLead({
      ...{ phone: people.second_try, source: 'rings', language: 'en', consent: true },
    })
    const opened = await until(() => sessions[before])
    expect(opened.closedAt).toBeUndefined()
    const over = await talkif.finished(call_id)
    expect(over).toMatchObject({ outcome: 'no_answer', attempts: [{ attempt: 1, answered_at: null }] })
    // The server goes on; it is this call's end that closes it.
    await until(() => opened.closedAt)
    expect(sessions.length).toBe(before + 1)
    expect(violations).toEqual([])
  },
)
