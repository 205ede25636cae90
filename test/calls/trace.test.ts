import { expect } from 'vitest'
import { and, eq, inArray } from '../../runtime/db/drizzle.ts'
import { spans } from '../../runtime/db/schema.ts'
import { openInbox } from '../harness/inbox.ts'
import { people, test } from '../harness/talkif.ts'

test('a call whose process was killed before its first spans were written has the beginning of its trace', async ({
  talkif,
}) => {
  const { call_id, trace_id } = await talkif.api.createLead({
    ...{ source: 'web_form', intent: 'pricing', consent: true, phone: people.wrong_number },
  })
  const whole = await talkif.finished(call_id)
  const { db } = talkif.served.runtime
  const first = ['lead.received', 'flow.match', 'queue.enqueue']
  for (const name of first) await db.delete(spans).where(eq(spans.name, name))
  const { trace } = await talkif.api.getCall({ id: call_id, include: ['trace'] })
  expect(trace!.trace_id).toBe(trace_id)
  expect(trace!.milestones.map(({ name }) => name)).toEqual(whole.trace!.milestones.map(({ name }) => name))
  expect(trace!.milestones.slice(0, 3).map(({ name }) => name)).toEqual(first)
  const ids = new Set(trace!.spans.map(({ span_id }) => span_id))
  expect(ids.size).toBe(trace!.spans.length)
  expect(trace!.spans.filter(({ parent_span_id }) => parent_span_id && !ids.has(parent_span_id))).toEqual([])
  expect(trace!.total_ms).toBe(whole.trace!.total_ms)
})

test('what happened within one millisecond is told in the order in which it happened', async ({ talkif }) => {
  const not_before = new Date(Date.now() + 86_400_000).toISOString()
  const { call_id, trace_id } = await talkif.api.createLead({
    ...{ source: 'web_form', intent: 'pricing', consent: true, phone: people.books, not_before },
  })
  const { db, telemetry } = talkif.served.runtime
  await telemetry.flush()
  const first = ['lead.received', 'flow.match', 'queue.enqueue']
  const now = new Date()
  // Written anew, so that the table has them in the wrong order.
  const ours = and(eq(spans.traceId, trace_id), inArray(spans.name, first))
  const written = await db.delete(spans).where(ours).returning()
  const backwards = written.toSorted((a, b) => first.indexOf(b.name) - first.indexOf(a.name))
  await db
    .insert(spans)
    .values(backwards.map((span, position) => ({ ...span, position, startedAt: now, endedAt: now })))
  const { trace } = await talkif.api.getCall({ id: call_id, include: ['trace'] })
  expect(trace!.milestones.map(({ name }) => name)).toEqual(first)
  expect(trace!.spans.map(({ name }) => name).filter((name) => first.includes(name))).toEqual(first)
})

test('of steps that took no time at all, the one written first comes first', async ({ talkif }) => {
  const not_before = new Date(Date.now() + 86_400_000).toISOString()
  const { call_id, trace_id } = await talkif.api.createLead({
    ...{ source: 'web_form', intent: 'pricing', consent: true, phone: people.books, not_before },
  })
  const { telemetry } = talkif.served.runtime
  const steps = Array.from({ length: 300 }, (_, at) => `action.${(at * 7919) % 300}`)
  const now = Date.now()
  for (const step of steps) telemetry.span({ traceId: trace_id }, step, { startedAt: now, endedAt: now })
  await telemetry.flush()
  const { trace } = await talkif.api.getCall({ id: call_id, include: ['trace'] })
  expect(trace!.spans.map(({ name }) => name).filter((name) => name.startsWith('action.'))).toEqual(steps)
})

test('the trace ends once, however many endpoints hear of the outcome', async ({ talkif, onTestFinished }) => {
  const others = await Promise.all([openInbox(), openInbox()])
  for (const { close } of others) onTestFinished(close)
  const webhooks = [talkif.inbox, ...others].map(({ url }) => ({ url, events: ['outcome.*' as const] }))
  await talkif.configure({ webhooks })
  const { call_id } = await talkif.api.createLead({
    ...{ source: 'web_form', intent: 'pricing', consent: true, phone: people.wrong_number },
  })
  const { trace } = await talkif.finished(call_id)
  const sent = trace!.spans.filter(({ name }) => name === 'webhook.out')
  expect(sent).toHaveLength(3)
  const told = trace!.milestones.filter(({ name }) => name === 'webhook.out')
  expect(told.map(({ at }) => at)).toEqual([sent.map(({ ended_at }) => ended_at).toSorted()[0]])
  expect(trace!.milestones.at(-1)).toEqual(told[0])
})
