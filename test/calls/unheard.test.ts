import { expect } from 'vitest'
import { settleUnheard } from '../../runtime/calls/settle.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls } from '../../runtime/db/schema.ts'
import { people, test } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

test('while the process that carries a conversation lives, nobody else decides how it ended', async ({ talkif }) => {
  const { runtime } = talkif.served
  const { db } = runtime
  await talkif.configure({ sandbox: { pace: 1, waits: 1 } })
  const lead = { source: 'web_form', intent: 'pricing', consent: true, phone: people.second_try } as const
  const { call_id } = await talkif.api.createLead(lead)
  const { id: attemptId } = await until(async () => {
    const [row] = await db.select().from(attempts).where(eq(attempts.callId, call_id))
    return row?.carrierId && row
  })
  // Somebody has answered, and the end of the conversation is not written.
  const answered = { answeredAt: new Date(), mediaNode: 'node_elsewhere' }
  await db.update(attempts).set(answered).where(eq(attempts.id, attemptId))
  const asked: string[] = []
  let isGone = false
  const nodes = {
    isGone(id: string) {
      asked.push(id)
      return isGone
    },
    close() {},
  }
  const decided = async () => {
    await settleUnheard({ ...runtime, nodes }, { attemptId })
    const [row] = await db.select().from(calls).where(eq(calls.id, call_id))
    return [row?.status, row?.reason]
  }
  expect(await decided()).toEqual(['dialing', null])
  // It is asked again.
  const waiting = await runtime.sql`
    select 1 from pgboss.job where name = 'settle' and state = 'created' and data ->> 'attemptId' = ${attemptId}`
  expect(waiting).toHaveLength(1)
  isGone = true
  expect(await decided()).toEqual(['retry_scheduled', 'media_lost'])
  expect(asked).toEqual(['node_elsewhere', 'node_elsewhere'])
})
