import { describe, expect, test } from 'vitest'
import { unplace } from '../../runtime/calls/attempt.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, calls } from '../../runtime/db/schema.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { openWorkspace, startServer } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const flow = 'id: flow_once\nmatch: {source: form}\non: {no_answer: "retry(15m, max=1)"}'
const all = ['initiated', 'ringing', 'in-progress', 'completed', 'no-answer', 'busy', 'failed', 'canceled']

/**
 * The carrier has taken a dial, nobody heard of it, and its attempt was given up as never placed. Whenever the first word of it
 * comes, that call must end: another attempt is ringing the same person.
 */
describe.concurrent('a call whose attempt was given up is ended', () => {
  const ways: Record<string, Chaos> = {
    'when its late answer comes': { create: { lateMs: 1_500, times: 1 }, callbacks: { dropped: all } },
    'at its first callback': { create: { lost: true, times: 1 }, callbacks: { delayMs: 1_500 } },
    'when it is picked up': { create: { lost: true, times: 1 }, callbacks: { dropped: all } },
  }
  test.for(Object.keys(ways))('%s', async (way, { onTestFinished }) => {
    const chaos = { ...ways[way]!, callee: { hangsUpAfterMs: 500 } }
    const served = await startServer({ chaos })
    onTestFinished(served.drop)
    const talkif = await openWorkspace(served)
    onTestFinished(talkif.inbox.close)
    await talkif.deploy(flow)
    // Rings for four seconds.
    await talkif.configure({ sandbox: { pace: 1, waits: 1 } })
    const lead = { source: 'form', flow_id: 'flow_once', phone: '+905321112233', consent: true } as const
    const { call_id } = await talkif.api.createLead(lead)
    const { runtime, sandbox } = served
    const attemptsNow = () => runtime.db.select().from(attempts).where(eq(attempts.callId, call_id))
    const orphan = await until(async () => sandbox!.rang[0])
    const [given] = await attemptsNow()
    expect(given).toMatchObject({ attempt: 1, carrierId: null })
    await unplace(runtime, given!.id, 'the carrier knows of no such call', { delayMs: 0 })
    // The second dial is an ordinary one.
    chaos.callbacks = {}
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({
      outcome: 'not_fit',
      reason: 'hung_up',
      attempts: [{ attempt: 1, result: 'answered' }],
    })
    expect(call.attempts[0]!.provider_call_sid).not.toBe(orphan.callSid)
    expect(sandbox!.rang.map(({ callSid }) => callSid)).toEqual([orphan.callSid, call.attempts[0]!.provider_call_sid])
    const [row] = await runtime.db.select().from(calls).where(eq(calls.id, call_id))
    const { carrier } = runtime.networks.of(row!)
    const ended = await until(async () => {
      const known = await carrier.getCall(orphan.callSid)
      return known && !['queued', 'ringing', 'in_progress'].includes(known.status) && known
    })
    // Hung up while it rang, or, picked up, within its first second.
    expect(ended).toMatchObject(way === 'when it is picked up' ? { durationSeconds: 1 } : { status: 'canceled' })
    expect(talkif.inbox.of('call.started')).toHaveLength(1)
    expect(talkif.inbox.of('call.answered')).toHaveLength(1)
    expect(sandbox!.violations).toEqual([])
  })
})
