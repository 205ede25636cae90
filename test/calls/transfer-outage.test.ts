import { expect, test } from 'vitest'
import { sandboxColleagues } from '../../openapi/sandbox-people.ts'
import { prepareConversation } from '../../runtime/calls/conversation.ts'
import { openTransfer } from '../../runtime/calls/transfer/transfer.ts'
import { connect } from '../../runtime/db/connect.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, transfers } from '../../runtime/db/schema.ts'
import { between } from '../harness/between.ts'
import { startSplit } from '../harness/split.ts'
import { openWorkspace, people } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const colleague = (character: (typeof sandboxColleagues)[number]['character']) =>
  sandboxColleagues.find((it) => it.character === character)!.number
const lead = { source: 'web_form', intent: 'pricing', consent: true } as const

test('a database that is away for a moment strands nobody in a transfer', { timeout: 60_000 }, async ({
  onTestFinished,
}) => {
  const { databaseUrl, media, line, served } = await startSplit(onTestFinished)
  const { db } = served.runtime
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  // Whoever accepts stays for eight seconds of the call: longer than the outage.
  await talkif.configure({ sandbox: { pace: 4, waits: 200 } })
  const rowOf = async (callId: string) => (await db.select().from(transfers).where(eq(transfers.callId, callId))).at(0)

  // Between the colleague's key and the move of the lead.
  await talkif.api.upsertHandoff({ name: 'sales', targets: [{ phone: colleague('accepts') }] })
  const { call_id } = await between(databaseUrl, {
    ...{ table: 'transfers', write: 'update', when: "new.state ->> 'phase' = 'bridging'" },
    begin: () => talkif.api.createLead({ ...lead, phone: people.asks_for_human, name: 'Hugo Human' }),
    async act() {
      line.cut()
      await until(() => line.refused > 3)
    },
  })
  line.mend()
  const call = await talkif.finished(call_id)
  expect(call).toMatchObject({ outcome: 'qualified', reason: 'transferred', handoff: { result: 'accepted' } })
  const row = await until(async () => {
    const found = await rowOf(call_id)
    return found?.endedAt && found
  })
  expect(row.state).toMatchObject({ phase: 'over', lead: 'gone', result: 'accepted' })

  // Whose beginning failed can be asked for again.
  await talkif.configure({ sandbox: { pace: 8, waits: 2 } })
  const { call_id: second } = await talkif.api.createLead({ ...lead, phone: people.second_try })
  const attempt = await until(async () => {
    const [found] = await db.select().from(attempts).where(eq(attempts.callId, second))
    return found?.carrierId && found
  })
  const own = connect(line.url, 4)
  onTestFinished(() => own.sql.end({ timeout: 1 }))
  const { context } = (await prepareConversation({ ...media.runtime, db: own.db }, attempt.id))!
  const transfer = openTransfer(context, attempt.carrierId!, () => {})
  line.cut()
  await expect(transfer.begin('prices')).rejects.toThrow()
  line.mend()
  await until(async () => (await own.sql`select 1`.catch(() => undefined)) !== undefined)
  expect((await transfer.begin('prices')).output).toMatchObject({ ringing: true })
  transfer.abandon()
  expect(await transfer.tookOver()).toBe(false)
})
