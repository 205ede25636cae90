import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { spans } from '../../runtime/db/schema.ts'
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
