import { describe, expect } from 'vitest'
import { people, test } from '../harness/talkif.ts'

const lead = { source: 'web_form', intent: 'pricing', consent: true } as const

describe('the whole way, for each person of the sandbox', () => {
  test('a booked lead reaches the webhook once, with its slot', async ({ talkif }) => {
    const { call_id } = await talkif.api.createLead({ ...lead, phone: people.books })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ status: 'completed', outcome: 'booked', qualified: true })
    const [hook, ...rest] = talkif.inbox.of('outcome.booked')
    expect(rest).toEqual([])
    expect(hook?.body).toMatchObject({
      call_id,
      qualified: true,
      booking: { slot: expect.any(String), owner: 'mehmet@helena.example' },
    })
    expect(Object.keys(call.answers)).toEqual(['need', 'timing', 'budget', 'location'])
    expect(call.trace?.milestones.map((it) => it.name)).toEqual([
      'lead.received',
      'flow.match',
      'queue.enqueue',
      'dial.start',
      'call.answered',
      'qualify.done',
      'outcome.write',
      'webhook.out',
    ])
  })
})
