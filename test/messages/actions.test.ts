import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { sandboxNumber } from '../../openapi/sandbox-people.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { calls, handoffQueues, leads, optOuts } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { listMessages } from '../../runtime/messages/list.ts'
import type { Chaos } from '../../runtime/sandbox/server.ts'
import { openInbox } from '../harness/inbox.ts'
import { openWorkspace, people, startServer, type Workspace } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'
import {
  type CallRow,
  cameTo,
  copyOf,
  endedCall,
  follow,
  messagesOf,
  passTime,
  sms,
  stepsOf,
  whatsapp,
} from './world.ts'

const content_sid = `HX${'a1'.repeat(16)}`
const templates: WorkspaceDocument['templates'] = [
  {
    name: 'missed',
    sms: {
      en: 'Hi {first_name}, {agent} of {business} tried to call you about {intent}.',
      tr: 'Merhaba {first_name}, {business} sizi aradı.',
    },
    whatsapp: { content_sid, variables: { 1: '{first_name}', 2: '{business}' } },
  },
  { name: 'only_sms', sms: 'About your {metadata.car}: {answers.budget}' },
  { name: 'booked', sms: 'See you {booking.slot}, says {booking.owner}.' },
  { name: 'long', sms: `{name} ${'x'.repeat(1_590)}` },
  { name: 'empty', whatsapp: { content_sid, variables: { 1: '{answers.nothing}' } } },
]
const flow = `id: flow_missed
match: {source: form}
qualify: [need]
on:
  no_answer: retry(15m, max=2) sms("missed")`

const chaos: Chaos = { callee: { hangsUpAfterMs: 1_000 } }
let served: Awaited<ReturnType<typeof startServer>>
let talkif: Workspace
/** Over, with a lead called Ayşe. */
let over: CallRow

beforeAll(async () => {
  served = await startServer({ chaos })
  talkif = await openWorkspace(served)
  await talkif.configure({ templates })
  await talkif.deploy(flow)
  const ayse = {
    phone: people.books,
    name: 'Ayşe Yılmaz',
    language: 'en',
    intent: 'pricing',
    metadata: { car: 'Golf' },
  }
  over = await endedCall(talkif, ayse)
})
afterAll(async () => {
  await talkif.inbox.close()
  await served.drop()
})
afterEach(() => {
  delete chaos.messages
  delete chaos.callbacks
  delete chaos.reads
  expect(served.sandbox!.violations.splice(0)).toEqual([])
})

const sentTo = (phone: string) => served.sandbox!.messages.filter(({ to }) => to.endsWith(phone))
/** A copy of the call to a number that nobody else here is written to. */
let last = 0
const another = (change: Partial<CallRow> = {}) =>
  copyOf(served, over, { phone: `+1202555${String(2_000 + ++last)}`, ...change })

test('nobody answers, the retries are spent, and one text arrives: in the trace, the list and the sandbox', async () => {
  const { call_id } = await talkif.api.createLead({
    ...{ source: 'form', consent: true },
    phone: people.busy,
    name: 'Bo',
  })
  await talkif.finished(call_id)
  const message = await cameTo(served, call_id, 'delivered')
  expect(message).toMatchObject({ outcome: 'no_answer', position: 1, fromPhone: sandboxNumber, tries: 1, why: null })
  expect(message.body).toBe('Hi Bo, Talkif of Helena Education tried to call you about.')
  const [call] = await served.runtime.db.select().from(calls).where(eq(calls.id, call_id))
  expect(message.createdAt.getTime()).toBeGreaterThanOrEqual(call!.outcomeAt!.getTime())
  expect(call!.attemptsMade).toBe(2)
  const steps = await stepsOf(served, call!, 'action.sms')
  expect(steps.map(({ status }) => status).filter((status) => status !== 'accepted' && status !== 'sent')).toEqual([
    'queued',
    'sending',
    'delivered',
  ])
  expect(steps.at(-1)!.attributes).toMatchObject({ message_id: message.id, template: 'missed' })
  expect(sentTo(people.busy)).toMatchObject([{ sid: message.carrierId, body: message.body, from: sandboxNumber }])
  const { data } = await listMessages(served.runtime, { workspaceId: talkif.workspaceId, mode: 'test' }, { call_id })
  expect(data).toMatchObject([
    { id: message.id, direction: 'out', channel: 'sms', status: 'delivered', body: message.body },
  ])
})

test('a template is said in the language of the call, its fields filled, a name from right to left set apart', async () => {
  const [lead] = await served.runtime.db.select().from(leads).where(eq(leads.id, over.leadId))
  const written = async (
    change: Partial<typeof leads.$inferSelect>,
    action: ReturnType<typeof sms | typeof whatsapp>,
  ) => {
    const id = newId('lead')
    await served.runtime.db.insert(leads).values({ ...lead!, id, ...change })
    const call = await another({ leadId: id })
    await follow(served, call, [action])
    return cameTo(served, call.id, 'delivered', 'read')
  }
  const [turkish, hebrew, german, own] = await Promise.all([
    written({ language: 'tr-TR' }, sms()),
    written({ name: 'أحمد خالد', language: 'en' }, sms()),
    written({ language: 'de' }, sms()),
    written({}, sms('only_sms', { car: 'the {metadata.car} of {first_name}' })),
  ])
  expect(turkish.body).toBe('Merhaba Ayşe, Helena Education sizi aradı.')
  expect(hebrew.body).toBe('Hi \u2068أحمد\u2069, Talkif of Helena Education tried to call you about pricing.')
  expect(german.body).toBe('Hi Ayşe, Talkif of Helena Education tried to call you about pricing.')
  expect(own.body).toBe('About your the Golf of Ayşe:')
  const booking = { slot: '2026-05-26T19:30:00.000Z', owner: 'mehmet@helena.example', notes: '' }
  const booked = await another({ booking })
  await follow(served, booked, [sms('booked')])
  expect((await cameTo(served, booked.id, 'delivered')).body).toBe(
    'See you Tuesday, May 26 at 3:30 PM, says mehmet@helena.example.',
  )
  const arab = await written({ name: 'أحمد خالد' }, whatsapp('missed', { 3: 'for {intent}' }))
  expect(arab).toMatchObject({ body: null, contentSid: content_sid })
  expect(arab.contentVariables).toEqual({ 1: '\u2068أحمد\u2069', 2: 'Helena Education', 3: 'for pricing' })
  const [there] = sentTo(arab.toPhone)
  expect(there).toMatchObject({
    to: `whatsapp:${arab.toPhone}`,
    from: `whatsapp:${sandboxNumber}`,
    contentSid: content_sid,
  })
  expect(JSON.parse(there!.contentVariables!)).toEqual(arab.contentVariables)
})

test('what cannot be said is skipped, and the trace says why', async () => {
  const cases = [
    [sms(null), 'action.sms', 'the action names no template'],
    [whatsapp('only_sms'), 'action.whatsapp', 'the workspace has no WhatsApp template named only_sms'],
    [sms('empty'), 'action.sms', 'the workspace has no SMS template named empty'],
    [sms('long'), 'action.sms', 'the text is longer than 1600 characters'],
    [whatsapp('empty'), 'action.whatsapp', 'the variable 1 of the template is empty for this person'],
  ] as const
  for (const [action, name, why] of cases) {
    const call = await another()
    await follow(served, call, [action])
    if (action.template) expect(await cameTo(served, call.id, 'skipped')).toMatchObject({ why, carrierId: null })
    const steps = await stepsOf(served, call, name)
    expect(steps.at(-1)).toMatchObject({ status: 'skipped', attributes: { why } })
  }
  const wrong = await another()
  await follow(served, wrong, [sms(), { type: 'handoff', queue: 'sales' }], 'opted_out')
  expect(await messagesOf(served, wrong.id)).toEqual([])
  for (const name of ['action.sms', 'action.handoff'])
    expect(await stepsOf(served, wrong, name)).toMatchObject([
      { status: 'skipped', attributes: { why: 'the person opted out' } },
    ])
})

test('quiet hours hold a text until they end where the person is', async () => {
  // 23:00 in Washington, D.C.; ten hours pass in two seconds.
  const now = Date.now()
  const night = { createdAt: new Date(now), clockOrigin: new Date('2026-07-14T03:00:00Z'), clockRate: 18_000 }
  const call = await another(night)
  await follow(served, call, [sms()])
  const held = await cameTo(served, call.id, 'held')
  expect(held).toMatchObject({ why: 'quiet_hours', body: null })
  // The flow's own hours are not set: those of the District of Columbia, 8 to 21.
  const waits = held.sendAfter!.getTime() - now
  expect(waits).toBe((9 * 3_600_000) / 18_000)
  const done = await cameTo(served, call.id, 'delivered')
  expect(sentTo(call.phone)[0]!.createdAt).toBeGreaterThanOrEqual(held.sendAfter!.getTime())
  expect(done.sendAfter).toBe(null)
  const steps = await stepsOf(served, call, 'action.sms')
  expect(steps[1]).toMatchObject({
    status: 'held',
    attributes: { until: '2026-07-14T12:00:00.000Z', why: 'quiet_hours' },
  })
})

test('25 actions at once, each asked for twice, are 25 texts', async () => {
  const all = await Promise.all(Array.from({ length: 25 }, () => another()))
  await Promise.all([...all, ...all].map((call) => follow(served, call, [sms()])))
  await Promise.all(all.map((call) => cameTo(served, call.id, 'delivered')))
  for (const call of all) {
    expect(sentTo(call.phone)).toHaveLength(1)
    expect(await messagesOf(served, call.id)).toHaveLength(1)
  }
})

test('a crash after the row was written: the carrier is asked first, and the text is sent once', async () => {
  // The carrier fails without making a message: to us the same as a process that died before it asked.
  chaos.messages = { refuse: 500, times: 1 }
  const call = await another()
  await follow(served, call, [sms()])
  const sending = await cameTo(served, call.id, 'sending')
  await until(() => chaos.messages!.times === 0)
  await passTime(served, sending.id)
  const queued = await cameTo(served, call.id, 'queued', 'delivered')
  expect(queued.tries).toBe(1)
  expect(queued.why).toBe('the carrier knows of no such message')
  await until(async () => {
    await passTime(served, sending.id)
    return sentTo(call.phone).length > 0
  })
  expect(await cameTo(served, call.id, 'delivered')).toMatchObject({ tries: 2, body: sending.body })
  expect(sentTo(call.phone)).toHaveLength(1)
})

test('an answer that is lost: the report of the carrier names the text, or its list does', async () => {
  chaos.messages = { lost: true, times: 1 }
  const told = await another()
  await follow(served, told, [sms()])
  expect(await cameTo(served, told.id, 'delivered')).toMatchObject({ tries: 1, carrierId: sentTo(told.phone)[0]!.sid })

  chaos.messages = { lost: true, times: 1 }
  chaos.callbacks = { dropped: ['sent', 'delivered'] }
  const untold = await another()
  await follow(served, untold, [sms()])
  const { id } = await cameTo(served, untold.id, 'sending')
  await until(() => sentTo(untold.phone).some(({ status }) => status === 'delivered'))
  await passTime(served, id)
  // As far as the carrier's list knows.
  expect(await cameTo(served, untold.id, 'delivered')).toMatchObject({
    tries: 1,
    carrierId: sentTo(untold.phone)[0]!.sid,
  })
  expect(sentTo(untold.phone)).toHaveLength(1)
})

test('while the carrier cannot be asked nothing is sent, and at last it never will be', async () => {
  chaos.messages = { lost: true, times: 1 }
  chaos.callbacks = { dropped: ['sent', 'delivered'] }
  chaos.reads = { lost: true }
  const call = await another()
  await follow(served, call, [sms()])
  const { id } = await cameTo(served, call.id, 'sending')
  await until(() => chaos.messages!.times === 0)
  await passTime(served, id)
  await until(async () => (await messagesOf(served, call.id))[0]!.status === 'sending')
  await until(async () => {
    await passTime(served, id, 3_600_000)
    return (await messagesOf(served, call.id))[0]!.status === 'unknown'
  })
  delete chaos.reads
  await passTime(served, id)
  await follow(served, call, [sms()])
  expect(sentTo(call.phone)).toHaveLength(1)
  expect((await stepsOf(served, call, 'action.sms')).filter(({ status }) => status === 'unknown')).toHaveLength(1)
})

test.each([
  [21610, 'the person opted out at the carrier'],
  [21614, 'the number cannot get messages'],
  [21606, 'none of the numbers of the workspace can send such messages'],
  [63016, 'the person has not written within 24 hours, and WhatsApp then takes only approved templates'],
  [21408, 'the carrier refused it: The sandbox was told to refuse.'],
])('the carrier refuses with %d: it has failed, and is not tried again', async (refuse, why) => {
  chaos.messages = { refuse, times: 1 }
  const call = await another()
  await follow(served, call, [sms()])
  const failed = await cameTo(served, call.id, 'failed')
  expect(failed).toMatchObject({ why, errorCode: String(refuse), tries: 1, carrierId: null })
  expect(sentTo(call.phone)).toEqual([])
  const blocked = await served.runtime.db.select().from(optOuts).where(eq(optOuts.phone, call.phone))
  expect(blocked.map(({ source }) => source)).toEqual(refuse === 21610 ? ['message'] : [])
})

test('too many requests: it is sent later, the same text', async () => {
  chaos.messages = { refuse: 429, times: 1 }
  const call = await another()
  await follow(served, call, [sms()])
  const queued = await until(async () =>
    (await messagesOf(served, call.id)).find(({ status, tries }) => status === 'queued' && tries === 1),
  )
  expect(queued.sendAfter!.getTime()).toBeGreaterThan(Date.now())
  await passTime(served, queued.id)
  expect(await cameTo(served, call.id, 'delivered')).toMatchObject({ tries: 2, body: queued.body })
  expect(sentTo(call.phone)).toHaveLength(1)
})

test('a named webhook gets the outcome once, whether it subscribed or not', async ({ onTestFinished }) => {
  const crm = await openInbox()
  onTestFinished(crm.close)
  const hooks = [
    { name: 'all', url: talkif.inbox.url, events: ['*' as const] },
    { name: 'crm', url: crm.url, events: [] },
  ]
  await talkif.configure({ webhooks: hooks })
  await talkif.deploy(`id: flow_hooks\nmatch: {source: hooks}\non: {no_answer: "webhook(crm) webhook(all)"}`)
  const { call_id } = await talkif.api.createLead({ source: 'hooks', consent: true, phone: people.busy })
  const { trace } = await talkif.finished(call_id)
  expect(crm.hooks.map(({ body }) => [body.event, body.call_id])).toEqual([['outcome.no_answer', call_id]])
  const theirs = talkif.inbox.hooks.filter(({ body }) => body.call_id === call_id && body.event === 'outcome.no_answer')
  expect(theirs).toHaveLength(1)
  expect(theirs[0]!.headers['webhook-id']).toBe(crm.hooks[0]!.headers['webhook-id'])
  const steps = trace!.spans.filter(({ name }) => name === 'action.webhook')
  expect(steps.map(({ status, attributes }) => [status, attributes.name])).toEqual([
    ['ok', 'crm'],
    ['ok', 'all'],
  ])
  const call = await another()
  await follow(served, call, [{ type: 'webhook', name: 'nobody' }])
  expect(await stepsOf(served, call, 'action.webhook')).toMatchObject([
    { status: 'skipped', attributes: { name: 'nobody', why: 'the workspace has no webhook named nobody' } },
  ])
})

test('a hand-over after the call stands on the call, with its queue', async () => {
  const { db } = served.runtime
  const at = new Date()
  const settings = {
    targets: [],
    order: 'in_turn',
    hours: null,
    languages: [],
    timeout_seconds: 20,
    fallback: 'callback',
  }
  const queue = { id: newId('queue'), workspaceId: talkif.workspaceId, name: 'sales', createdAt: at, updatedAt: at }
  await db.insert(handoffQueues).values({ ...queue, settings: settings as never })
  const call = await another({ findings: {} })
  await follow(served, call, [
    { type: 'handoff', queue: 'sales' },
    { type: 'handoff', queue: 'nobody' },
    { type: 'log', reason: 'why not' },
  ])
  expect(await stepsOf(served, call, 'action.handoff')).toMatchObject([
    { status: 'noted', attributes: { queue: 'sales', queue_id: queue.id } },
    { status: 'skipped', attributes: { why: 'the workspace has no handoff queue named nobody' } },
  ])
  expect(await stepsOf(served, call, 'action.log')).toMatchObject([{ status: 'ok', attributes: { reason: 'why not' } }])
  expect(await talkif.api.getCall({ id: call.id })).toMatchObject({ handoff: { queue: 'sales' } })
})
