import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { sandboxColleagues } from '../../openapi/sandbox-people.ts'
import { transfers } from '../../runtime/db/schema.ts'
import { people, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const colleague = Object.fromEntries(sandboxColleagues.map((it) => [it.character, it.number])) as Record<
  (typeof sandboxColleagues)[number]['character'],
  string
>
const to = (...phones: string[]) => phones.map((phone) => ({ phone }))
const lead = { source: 'web_form', intent: 'pricing', consent: true } as const

type Queue = Partial<Parameters<Workspace['api']['upsertHandoff']>[0]>

/** A call of somebody who asks for a human, in a workspace with one queue. */
async function asksForHuman(talkif: Workspace, queue: Queue, phone: string = people.asks_for_human) {
  await talkif.configure({ sandbox: { pace: 8, waits: 200 } })
  await talkif.api.upsertHandoff({ name: 'sales', targets: to(colleague.accepts), ...queue })
  const { call_id } = await talkif.api.createLead({ ...lead, phone, name: 'Hugo Human' })
  return call_id
}

const rowOf = async ({ served }: Workspace, callId: string) =>
  (await served.runtime.db.select().from(transfers).where(eq(transfers.callId, callId)))[0]

/** Once everybody has hung up. */
const endOf = (talkif: Workspace, callId: string) =>
  until(async () => {
    const row = await rowOf(talkif, callId)
    return row?.endedAt && row
  })

const rungOf = ({ served }: Workspace, phone: string, row: { state: { legs: { carrierId: string | null }[] } }) =>
  served.sandbox!.rang.filter(
    (it) => it.to === phone && row.state.legs.some(({ carrierId }) => carrierId === it.callSid),
  ).length

describe.concurrent('a lead who asks for a human', () => {
  test('is handed over to the colleague who presses 1', { timeout: 60_000 }, async ({ talkif }) => {
    const targets = [{ name: 'Ada', phone: colleague.accepts }]
    const call = await talkif.finished(await asksForHuman(talkif, { targets }))
    expect(call).toMatchObject({
      ...{ outcome: 'qualified', qualified: true, reason: 'transferred', attempts: [{ result: 'answered' }] },
      handoff: { queue: 'sales', reason: 'asked for a person', result: 'accepted', target: 'Ada' },
    })
    expect(call.transcript!.at(-1)!.text).toContain('handed over')
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('Let me see who is free.')
    const { handoff, reason } = talkif.inbox.of('outcome.qualified')[0]!.body
    expect({ handoff, reason }).toEqual({ handoff: call.handoff, reason: 'transferred' })
    const spans = call.trace!.spans.filter(({ name }) => name.startsWith('transfer'))
    expect(spans.map(({ name, status }) => [name, status])).toEqual([
      ['transfer', 'accepted'],
      ['transfer.ring', 'accepted'],
    ])
    expect(spans[1]!.parent_span_id).toBe(spans[0]!.span_id)
    const row = await endOf(talkif, call.id)
    expect(row.state).toMatchObject({ phase: 'over', lead: 'gone', result: 'accepted' })
    expect(rungOf(talkif, colleague.accepts, row)).toBe(1)
    expect(talkif.served.sandbox!.violations).toEqual([])
  })

  test('waits while they are rung in turn, each once', { timeout: 60_000 }, async ({ talkif }) => {
    const { busy } = people
    const targets = to(colleague.never_answers, busy, colleague.mailbox, colleague.declines, colleague.answers_late)
    const call = await talkif.finished(await asksForHuman(talkif, { targets, timeout_seconds: 18 }))
    expect(call.handoff).toMatchObject({ result: 'accepted', target: colleague.answers_late })
    const row = await endOf(talkif, call.id)
    expect(row.state.legs.map(({ result }) => result)).toEqual([
      ...['no_answer', 'no_answer', 'no_answer', 'declined', 'accepted'],
    ])
    expect(targets.map(({ phone }) => rungOf(talkif, phone, row))).toEqual([1, 0, 1, 1, 1])
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('I am still trying.')
  })

  test('gets one of those who are rung all at once; the others are told', { timeout: 60_000 }, async ({ talkif }) => {
    const targets = [...to(colleague.accepts), { name: 'SIP', sip: 'sip:sales@helena.example' }]
    const call = await talkif.finished(await asksForHuman(talkif, { targets, order: 'all_at_once' }))
    expect(call.handoff?.result).toBe('accepted')
    const row = await endOf(talkif, call.id)
    expect(row.state.legs.filter(({ result }) => result === 'accepted')).toHaveLength(1)
    expect(row.state.legs[row.state.winner!]!.result).toBe('accepted')
  })

  test.for([
    ['declines', 'declined'],
    ['mailbox', 'nobody'],
  ] as const)('comes back to the agent when a colleague %s', { timeout: 60_000 }, async ([who, result], { talkif }) => {
    const call = await talkif.finished(await asksForHuman(talkif, { targets: to(colleague[who]) }))
    // And goes on: what was asked for before is still worth asking for.
    expect(call).toMatchObject({ outcome: 'booked', handoff: { queue: 'sales', result } })
    expect(call.handoff).not.toHaveProperty('target')
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('Somebody will call you back.')
    await endOf(talkif, call.id)
  })

  test('leaves a message where the queue takes them', { timeout: 60_000 }, async ({ talkif }) => {
    const queue = { targets: to(colleague.never_answers), fallback: 'voicemail', timeout_seconds: 5 } as const
    const call = await talkif.finished(await asksForHuman(talkif, queue))
    expect(call).toMatchObject({ outcome: 'qualified', reason: 'handoff_requested' })
    expect(call.handoff).toMatchObject({
      result: 'nobody',
      message: 'Please tell them that I need an answer this week',
    })
  })

  test.for([
    ['hours', { hours: '02:00-03:00' }],
    ['languages', { languages: ['tr'] }],
  ] as const)('is called back outside the %s of the queue', { timeout: 60_000 }, async ([, own], { talkif }) => {
    const call = await talkif.finished(await asksForHuman(talkif, own as Queue))
    expect(call).toMatchObject({ reason: 'handoff_requested', handoff: { queue: 'sales', result: 'closed' } })
    expect(await rowOf(talkif, call.id)).toBeUndefined()
    expect(call.trace!.spans.find(({ name }) => name === 'transfer')).toMatchObject({ status: 'closed' })
  })

  test('is connected after the questions where the flow hands over', { timeout: 90_000 }, async ({ talkif }) => {
    await talkif.api.upsertHandoff({ name: 'sales', targets: to(colleague.accepts) })
    await talkif.deploy(
      'id: flow_hand_over\nmatch:\n  source: ad\nqualify:\n  - need - timing\non:\n  qualified: handoff(sales)\n',
    )
    await talkif.configure({ sandbox: { pace: 8, waits: 200 } })
    const { call_id } = await talkif.api.createLead({ ...lead, source: 'ad', phone: people.books })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ outcome: 'qualified', reason: 'transferred', handoff: { result: 'accepted' } })
    expect(Object.keys(call.answers)).toEqual(['need', 'timing'])
    expect(call.trace!.spans.find(({ name }) => name === 'action.handoff')).toMatchObject({ status: 'ok' })
  })
})
