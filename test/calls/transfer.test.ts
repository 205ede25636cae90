import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { describe, expect } from 'vitest'
import { sandboxColleagues } from '../../openapi/sandbox-people.ts'
import { prepareConversation } from '../../runtime/calls/conversation.ts'
import { conversationTools } from '../../runtime/calls/conversation-tools.ts'
import { openDesk } from '../../runtime/calls/desk.ts'
import { legEvent, transferOf } from '../../runtime/calls/transfer/event.ts'
import { lookAfterTransfer } from '../../runtime/calls/transfer/look.ts'
import { openTransfer } from '../../runtime/calls/transfer/transfer.ts'
import type { Carrier, CarrierCall } from '../../runtime/carrier/port.ts'
import { faster, systemClock } from '../../runtime/clock.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { attempts, transfers } from '../../runtime/db/schema.ts'
import type { Deps } from '../../runtime/deps.ts'
import { beginTransfer, step, type TransferEvent, tasksOf } from '../../runtime/handoffs/transfer.ts'
import { newId } from '../../runtime/ids.ts'
import { scriptOf } from '../../runtime/sandbox/people/scripts.ts'
import type { ToolResult } from '../../runtime/voice/port.ts'
import { people, pricingYaml, test, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

const colleague = Object.fromEntries(sandboxColleagues.map((it) => [it.character, it.number])) as Record<
  (typeof sandboxColleagues)[number]['character'],
  string
>
const to = (...phones: string[]) => phones.map((phone) => ({ phone }))
const lead = { source: 'web_form', intent: 'pricing', consent: true } as const

type Queue = Partial<Parameters<Workspace['api']['upsertHandoff']>[0]>

type Engine = 'realtime' | 'cascade'

/** A call of somebody who asks for a human, in a workspace with one queue. */
async function asksForHuman(
  talkif: Workspace,
  queue: Queue,
  { engine = 'realtime' as Engine, phone = people.asks_for_human as string, waits = 200 } = {},
) {
  await talkif.deploy(pricingYaml.replace('call:', `call:\n  engine: ${engine}`))
  await talkif.configure({ sandbox: { pace: 8, waits } })
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

describe.concurrent.each<Engine>(['realtime', 'cascade'])('a lead of the %s engine who asks for a human', (engine) => {
  test('is handed over to the colleague who presses 1', async ({ talkif }) => {
    const targets = [{ name: 'Ada', phone: colleague.accepts }]
    const call = await talkif.finished(await asksForHuman(talkif, { targets }, { engine }))
    expect(call).toMatchObject({
      ...{ outcome: 'qualified', qualified: true, reason: 'transferred', attempts: [{ result: 'answered' }] },
      handoff: { queue: 'sales', reason: 'asked for a person', result: 'accepted', target: 'Ada' },
    })
    expect(call.transcript!.at(-1)!.text).toContain('handed over')
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('Let me see who is free.')
    const { handoff, reason } = talkif.inbox.of('outcome.qualified')[0]!.body
    expect({ handoff, reason }).toEqual({ handoff: call.handoff, reason: 'transferred' })
    const engines = call.trace!.spans.filter(({ name }) => name === 'llm').map(({ attributes }) => attributes.engine)
    expect(new Set(engines)).toEqual(new Set([engine === 'cascade' ? engine : undefined]))
    const spans = call.trace!.spans.filter(({ name }) => name.startsWith('transfer'))
    expect(spans.map(({ name, status }) => [name, status])).toEqual([
      ['transfer', 'accepted'],
      ['transfer.ring', 'accepted'],
    ])
    expect(spans[1]!.parent_span_id).toBe(spans[0]!.span_id)
    const row = await endOf(talkif, call.id)
    expect(row.state).toMatchObject({ phase: 'over', lead: 'gone', result: 'accepted' })
    expect(rungOf(talkif, colleague.accepts, row)).toBe(1)
    // Another test beside this one dials what is no number.
    const { violations } = talkif.served.sandbox!
    expect(violations.filter(({ message }) => !message.includes('sip:nobody'))).toEqual([])
  })

  test('waits while they are rung in turn, each once', async ({ talkif }) => {
    const { busy } = people
    const targets = to(colleague.never_answers, busy, colleague.mailbox, colleague.declines, colleague.answers_late)
    const call = await talkif.finished(await asksForHuman(talkif, { targets, timeout_seconds: 18 }, { engine }))
    expect(call.handoff).toMatchObject({ result: 'accepted', target: colleague.answers_late })
    const row = await endOf(talkif, call.id)
    expect(row.state.legs.map(({ result }) => result)).toEqual([
      ...['no_answer', 'no_answer', 'no_answer', 'declined', 'accepted'],
    ])
    expect(targets.map(({ phone }) => rungOf(talkif, phone, row))).toEqual([1, 0, 1, 1, 1])
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('I am still trying.')
  })

  test('gets one of those who are rung all at once; the others are told', async ({ talkif }) => {
    const targets = [...to(colleague.accepts), { name: 'SIP', sip: 'sip:sales@helena.example' }]
    const call = await talkif.finished(await asksForHuman(talkif, { targets, order: 'all_at_once' }, { engine }))
    expect(call.handoff?.result).toBe('accepted')
    const row = await endOf(talkif, call.id)
    expect(row.state.legs.filter(({ result }) => result === 'accepted')).toHaveLength(1)
    expect(row.state.legs[row.state.winner!]!.result).toBe('accepted')
  })

  test.for([
    ['declines', 'declined'],
    ['mailbox', 'nobody'],
  ] as const)('comes back to the agent when a colleague %s', async ([who, result], { talkif }) => {
    const call = await talkif.finished(await asksForHuman(talkif, { targets: to(colleague[who]) }, { engine }))
    // And goes on: what was asked for before is still worth asking for.
    expect(call).toMatchObject({ outcome: 'booked', handoff: { queue: 'sales', result } })
    expect(call.handoff).not.toHaveProperty('target')
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('Somebody will call you back.')
    await endOf(talkif, call.id)
  })

  test('leaves a message where the queue takes them', async ({ talkif }) => {
    const queue = { targets: to(colleague.never_answers), fallback: 'voicemail', timeout_seconds: 5 } as const
    const call = await talkif.finished(await asksForHuman(talkif, queue, { engine }))
    expect(call).toMatchObject({ outcome: 'qualified', reason: 'handoff_requested' })
    expect(call.handoff).toMatchObject({
      result: 'nobody',
      message: 'Please tell them that I need an answer this week',
    })
  })

  test.for([
    ['hours', { hours: '02:00-03:00' }],
    ['languages', { languages: ['tr'] }],
  ] as const)('outside the %s of the queue: hears it, and the agent goes on', async ([, own], { talkif }) => {
    const call = await talkif.finished(await asksForHuman(talkif, own as Queue, { engine }))
    expect(call).toMatchObject({ outcome: 'booked', handoff: { queue: 'sales', result: 'closed' } })
    expect(call.transcript!.map(({ text }) => text).join(' ')).toContain('Somebody will call you back.')
    expect(await rowOf(talkif, call.id)).toBeUndefined()
    expect(call.trace!.spans.find(({ name }) => name === 'transfer')).toMatchObject({ status: 'closed' })
  })

  test('is connected after the questions where the flow hands over', async ({ talkif }) => {
    await talkif.api.upsertHandoff({ name: 'sales', targets: to(colleague.accepts) })
    await talkif.deploy(
      `id: flow_hand_over\ncall:\n  engine: ${engine}\nmatch:\n  source: ad\nqualify:\n  - need - timing\non:\n  qualified: handoff(sales)\n`,
    )
    await talkif.configure({ sandbox: { pace: 8, waits: 200 } })
    const { call_id } = await talkif.api.createLead({ ...lead, source: 'ad', phone: people.books })
    const call = await talkif.finished(call_id)
    expect(call).toMatchObject({ outcome: 'qualified', reason: 'transferred', handoff: { result: 'accepted' } })
    expect(Object.keys(call.answers)).toEqual(['need', 'timing'])
    expect(call.trace!.spans.find(({ name }) => name === 'action.handoff')).toMatchObject({ status: 'ok' })
  })
})

/** The runtime, whose carrier does some things as a test wants. */
function withCarrier(runtime: Deps, own: (carrier: Carrier) => Partial<Carrier>): Deps {
  const of: Deps['networks']['of'] = (call) => {
    const network = runtime.networks.of(call)
    return { ...network, carrier: { ...network.carrier, ...own(network.carrier) } }
  }
  return { ...runtime, networks: { ...runtime.networks, of } }
}

type Own = Parameters<typeof withCarrier>[1]

/** A call that rings, with the tools of its conversation, whatever its media do. */
async function ringing(talkif: Workspace, queue: Queue, leadCarrierId?: string, waits = 2, own: Own = () => ({})) {
  const runtime = withCarrier(talkif.served.runtime, own)
  await talkif.api.upsertHandoff({ name: 'sales', targets: to(colleague.accepts), ...queue })
  // Long enough that everything else is over before nobody answers.
  await talkif.configure({ sandbox: { pace: 8, waits } })
  const { call_id } = await talkif.api.createLead({ ...lead, phone: people.second_try })
  const attempt = await until(async () => {
    const [row] = await runtime.db.select().from(attempts).where(eq(attempts.callId, call_id))
    return row?.carrierId && row
  })
  const { context } = (await prepareConversation(runtime, attempt.id))!
  const told: ToolResult[] = []
  const transfer = openTransfer(context, leadCarrierId ?? attempt.carrierId!, (news) => told.push(news))
  return { callId: call_id, attempt, transfer, told, run: conversationTools(context, transfer) }
}

/** A transfer to two colleagues, as a process left it behind. */
async function write(talkif: Workspace, attempt: typeof attempts.$inferSelect, id: string, events: TransferEvent[]) {
  const { runtime } = talkif.served
  const { id: attemptId, callId, fromPhone, carrierId } = attempt
  await runtime.db.insert(transfers).values({
    ...{ id, callId, attemptId, workspaceId: talkif.workspaceId, mode: 'test', queue: 'sales' },
    ...{ targets: to(colleague.never_answers, colleague.accepts), ringSeconds: 120, room: 'r', language: 'en' },
    ...{ state: events.reduce(step, beginTransfer(2, 'in_turn')), fromPhone, leadCarrierId: carrierId! },
    ...{ spanId: runtime.telemetry.newSpanId(), startedAt: new Date() },
  })
}

/** The carrier moves no such call. */
const leadOver = `CA${'3'.repeat(32)}`

const handoffOf = async (talkif: Workspace, id: string) => (await talkif.api.getCall({ id })).handoff

describe.concurrent('a transfer', () => {
  test('that the lead does not wait for stops ringing at once', async ({ talkif }) => {
    const phone = '+12025550160'
    talkif.served.sandbox!.cast.set(phone, { ...scriptOf(people.asks_for_human), hangsUpAfter: 2 })
    const queue = { targets: to(colleague.never_answers), timeout_seconds: 120 }
    const call = await talkif.finished(await asksForHuman(talkif, queue, { phone, waits: 4 }))
    expect(call).toMatchObject({ outcome: 'qualified', reason: 'handoff_requested', handoff: { result: 'abandoned' } })
    const row = await endOf(talkif, call.id)
    expect(row.state).toMatchObject({ lead: 'gone', legs: [{ status: 'over' }] })
    const rang = await talkif.served.runtime.networks
      .of({ mode: 'test', pace: 8, clockRate: 4 })
      .carrier.getCall(row.state.legs[0]!.carrierId!)
    expect(rang?.status).toBe('canceled')
  })

  test('can be called off, and there is one for a call', async ({ talkif }) => {
    const { callId, run, told } = await ringing(talkif, { targets: to(colleague.never_answers), timeout_seconds: 120 })
    // Two of one response run at once.
    const asked = await Promise.all([1, 2].map(() => run('transfer_to_human', { reason: 'x' })))
    for (const { output } of asked) expect(output).toMatchObject({ ringing: true })
    expect((await run('transfer_to_human', { reason: 'x' })).output).toMatchObject({ ringing: true })
    await run('cancel_transfer', {})
    expect(await handoffOf(talkif, callId)).toEqual({ queue: 'sales', reason: 'x', result: 'abandoned' })
    expect((await run('transfer_to_human', { reason: 'x' })).output).toMatchObject({ transferred: false })
    await endOf(talkif, callId)
    expect(told).toEqual([])
    const rows = await talkif.served.runtime.db.select().from(transfers).where(eq(transfers.callId, callId))
    expect(rows).toHaveLength(1)
  })

  test.for([
    ['a robot that screens calls', 'call_screening', 'wait'],
    ['a goodbye that is called off', 'end_call', 'say_goodbye'],
  ] as const)('can be asked for after %s', async ([, tool, next], { talkif }) => {
    const { attempt } = await ringing(talkif, { targets: to(colleague.never_answers), timeout_seconds: 120 })
    const { runtime } = talkif.served
    const prepared = (await prepareConversation(runtime, attempt.id))!
    const place = { carrierId: attempt.carrierId!, nodeId: 'node' }
    const desk = openDesk(runtime, prepared, place, faster(systemClock, 1), { tell: () => {}, over: () => {} })
    expect(await desk.runTool(tool, {})).toMatchObject({ next })
    expect((await desk.runTool('transfer_to_human', { reason: 'x' })).output).toMatchObject({ ringing: true })
    // And of a call that ends then, nobody is rung on.
    expect(await desk.runTool('end_call', {})).toMatchObject({ next: 'say_goodbye' })
    await endOf(talkif, attempt.callId)
  })

  test('rings nobody for a lead who has opted out', async ({ talkif }) => {
    const { callId, run } = await ringing(talkif, {})
    await run('stop_calling', {})
    expect(await run('transfer_to_human', { reason: 'x' })).toMatchObject({
      output: { transferred: false },
      next: 'say_goodbye',
    })
    expect(await rowOf(talkif, callId)).toBeUndefined()
  })

  test('whose lead cannot be moved leaves them with the agent', async ({ talkif }) => {
    const { callId, run, told } = await ringing(talkif, {}, `CA${'0'.repeat(32)}`, 1)
    await run('transfer_to_human', { reason: 'prices' })
    const row = await endOf(talkif, callId)
    expect(row.state).toMatchObject({ phase: 'over', lead: 'talking', result: 'failed', legs: [{ status: 'over' }] })
    expect(told).toMatchObject([{ output: { transferred: false, callback: true, reason: 'failed' } }])
    expect(await handoffOf(talkif, callId)).toEqual({ queue: 'sales', reason: 'prices', result: 'failed' })
  })

  test('whose lead hangs up before they can be moved was not waited for', async ({ talkif }) => {
    const over = { status: 'completed' } as CarrierCall
    const { callId, run, told } = await ringing(talkif, {}, leadOver, 1, (carrier) => ({
      getCall: async (id) => (id === leadOver ? over : carrier.getCall(id)),
    }))
    await run('transfer_to_human', { reason: 'prices' })
    const row = await endOf(talkif, callId)
    expect(row.state).toMatchObject({ phase: 'over', lead: 'gone', result: 'abandoned', legs: [{ status: 'over' }] })
    await until(async () => (await handoffOf(talkif, callId))?.result)
    expect(await handoffOf(talkif, callId)).toEqual({ queue: 'sales', reason: 'prices', result: 'abandoned' })
    expect(told).toEqual([])
  })

  test.for(['before', 'after'] as const)(
    'whose colleague drops on the way has failed, that they have told %s the move',
    async (told, { talkif }) => {
      const { callId, attempt } = await ringing(talkif, {})
      const said: string[] = []
      const deps = withCarrier(talkif.served.runtime, (carrier) => ({
        async moveToRoom() {
          const legOf = async () => (await rowOf(talkif, callId))!.state.legs[0]!
          if (told === 'before') await carrier.hangUp((await legOf()).carrierId!)
          if (told === 'before') await until(async () => (await legOf()).status === 'over')
          return true
        },
        async getCall(id) {
          const known = await carrier.getCall(id)
          return known && { ...known, status: id === attempt.carrierId ? 'in_progress' : 'completed' }
        },
        async dismiss(id, words) {
          if (id === attempt.carrierId) said.push(words.text)
          else await carrier.dismiss(id, words)
        },
      }))
      const place = { carrierId: attempt.carrierId!, nodeId: 'node' }
      const prepared = (await prepareConversation(deps, attempt.id))!
      const desk = openDesk(deps, prepared, place, faster(systemClock, 1), { tell: () => {}, over: () => {} })
      await desk.answered()
      // Whoever asks for a person after this has changed their mind.
      await desk.runTool('not_a_fit', { reason: 'not_interested' })
      await desk.runTool('transfer_to_human', { reason: 'prices' })
      await until(async () => ['bridged', 'over'].includes((await rowOf(talkif, callId))!.state.phase))
      await desk.ended('lead')
      const call = await talkif.finished(callId)
      const handoff = { queue: 'sales', reason: 'prices', result: 'failed' }
      expect(call).toMatchObject({ outcome: 'qualified', reason: 'handoff_requested' })
      expect(call.handoff).toEqual(handoff)
      expect(talkif.inbox.of('outcome.qualified')[0]!.body).toMatchObject({ reason: 'handoff_requested', handoff })
      // What the transcript ends with is what they heard.
      expect(said).toEqual([expect.stringContaining('will call you back')])
      expect(call.transcript!.map(({ role, text }) => [role, text])).toEqual([['agent', said[0]]])
      await endOf(talkif, callId)
    },
  )

  test('to a number that the carrier does not take goes on to the next', async ({ talkif }) => {
    const targets = [{ sip: 'sip:nobody' }, ...to(colleague.declines)]
    const { callId, run } = await ringing(talkif, { targets })
    await run('transfer_to_human', { reason: 'prices' })
    const row = await endOf(talkif, callId)
    expect(row.state.legs.map(({ result }) => result)).toEqual(['failed', 'declined'])
    talkif.served.sandbox!.violations.splice(0)
  })

  test('whose process died rings nobody any more', async ({ talkif }) => {
    const { runtime } = talkif.served
    const { callId, attempt } = await ringing(talkif, {})
    const { carrier, callbackBase } = runtime.networks.of({ mode: 'test', pace: 8, clockRate: 5 })
    const id = newId('xfer')
    const { carrierId } = await carrier.placeBrief({
      ...{ from: attempt.fromPhone, to: colleague.never_answers, ringSeconds: 120, maxSeconds: 600, keySeconds: 5 },
      ...{ statusUrl: `${callbackBase}/carrier/twilio/transfer/${id}/0/status`, keyUrl: `${callbackBase}/key` },
      ...{ brief: { text: 'x', language: 'en' }, signal: AbortSignal.timeout(10_000), beforeSend() {} },
    })
    const named = { type: 'named', leg: 0, carrierId } as const
    await write(talkif, attempt, id, [{ type: 'asking', leg: 0, at: Date.now() }, named])
    // While the call lives, its process is left to do its work.
    await lookAfterTransfer(runtime, { transferId: id })
    expect((await rowOf(talkif, callId))!.state.phase).toBe('ringing')
    await carrier.hangUp(attempt.carrierId!)
    await until(async () => (await talkif.api.getCall({ id: callId })).status !== 'dialing')
    await lookAfterTransfer(runtime, { transferId: id })
    const row = await endOf(talkif, callId)
    expect(row.state).toMatchObject({ result: 'abandoned', legs: [{ status: 'over' }, { status: 'waiting' }] })
    expect((await carrier.getCall(carrierId))?.status).toBe('canceled')
  })

  test('never rings again where nobody knows whether it rang', async ({ talkif }) => {
    const { runtime } = talkif.served
    const { callId, attempt } = await ringing(talkif, {})
    const id = newId('xfer')
    await write(talkif, attempt, id, [{ type: 'asking', leg: 0, at: Date.now() - 120_000 }])
    await lookAfterTransfer(runtime, { transferId: id })
    const { state } = (await rowOf(talkif, callId))!
    expect(state.legs[0]).toMatchObject({ status: 'asked', carrierId: null, result: 'no_answer' })
    expect(tasksOf(state)).toEqual([{ do: 'ring', leg: 1 }])
    // Should it exist after all, its first word ends it.
    const stray = { carrierId: `CA${'2'.repeat(32)}`, status: 'ringing', answeredBy: null, sequence: 0 } as const
    await legEvent(runtime, (await transferOf(runtime, id))!, 0, { ...stray, errorCode: null })
    expect(tasksOf((await rowOf(talkif, callId))!.state)[0]).toMatchObject({ do: 'send_away', leg: 0 })
  })

  test('believes its own carrier alone, and nothing that comes late', async ({ talkif }) => {
    const { url, served } = talkif
    const { callId, run } = await ringing(talkif, { targets: to(colleague.declines) })
    await run('transfer_to_human', { reason: 'prices' })
    const row = await endOf(talkif, callId)
    const path = `/carrier/twilio/transfer/${row.id}/0`
    const post = (to: string, params: Record<string, string>, token = served.runtime.secrets.sandboxAuthToken) => {
      const { callbackBase } = served.runtime.networks.of({ mode: 'test', pace: 1, clockRate: 1 })
      const signature = getExpectedTwilioSignature(token, `${callbackBase}${to}`, params)
      const headers = { 'x-twilio-signature': signature }
      return fetch(`${url}${to}`, { method: 'POST', headers, body: new URLSearchParams(params) })
    }
    const { carrierId } = row.state.legs[0]!
    const late = { CallSid: carrierId!, CallStatus: 'in-progress' }
    expect((await post(`${path}/status`, late, 'another')).status).toBe(403)
    expect((await post(`${path}/key`, { ...late, Digits: '1' }, 'another')).status).toBe(403)
    expect((await post(`${path.replace(row.id, newId('xfer'))}/status`, late)).status).toBe(403)
    for (const _ of [1, 2]) expect((await post(`${path}/status`, late)).status).toBe(204)
    expect((await post(`${path.replace(/0$/, '7')}/status`, late)).status).toBe(204)
    for (const CallSid of [carrierId!, `CA${'1'.repeat(32)}`]) {
      const answer = await post(`${path}/key`, { ...late, CallSid, Digits: '1' })
      expect(answer.headers.get('content-type')).toContain('text/xml')
      const twiml = await answer.text()
      expect(twiml).toContain('<Hangup/>')
      expect(twiml).not.toContain('Conference')
    }
    expect((await rowOf(talkif, callId))!.state).toEqual(row.state)
  })
})
