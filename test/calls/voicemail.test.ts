import { expect, test } from 'vitest'
import type { Call } from '../../openapi/schemas/call.ts'
import { carrierEvent } from '../../runtime/calls/carrier-event.ts'
import type { Verdict } from '../../runtime/carrier/port.ts'
import { and, eq, isNotNull, type SQL } from '../../runtime/db/drizzle.ts'
import { attempts, calls, type Findings } from '../../runtime/db/schema.ts'
import { scriptOf } from '../../runtime/sandbox/people/scripts.ts'
import { startSplit } from '../harness/split.ts'
import { openWorkspace, people } from '../harness/talkif.ts'
import { until } from '../harness/until.ts'

type Kind = 'realtime' | 'cascade'

const flow = (kind: Kind, id: string, message?: string) => `
id: ${id}
match: {source: ${id}}
call: {engine: ${kind}, record: true${message === undefined ? '' : `, voicemail_message: ${JSON.stringify(message)}`}}
qualify:
  - need
`

const disclosed = 'Hi {first_name}, this is an AI assistant for {business}, on a recorded line. Please call us back.'

const said = (call: Call, role: 'agent' | 'lead') => call.transcript!.filter((turn) => turn.role === role)

test.concurrent.for<Kind>(['realtime', 'cascade'])(
  'machines and screeners, their media in another process than the verdict: %s',
  async (kind, { onTestFinished }) => {
    const { media, served } = await startSplit(onTestFinished)
    const { db } = served.runtime
    const talkif = await openWorkspace(served)
    onTestFinished(talkif.inbox.close)
    await talkif.configure({ sandbox: { pace: 8, waits: 900 } })
    await talkif.deploy(flow(kind, 'flow_left', disclosed))
    await talkif.deploy(flow(kind, 'flow_none'))
    await talkif.deploy(
      `id: flow_talk\nmatch: {source: talk}\ncall: {engine: ${kind}, amd: false}\nqualify:\n  - need - timing - budget\n`,
    )
    await talkif.deploy(
      `id: flow_deaf\nmatch: {source: deaf}\ncall: {engine: ${kind}, amd: false}\nqualify:\n  - need\n`,
    )
    const nobody = '+12025550141'
    const { screens, ...screened } = scriptOf(people.screened)
    media.sandbox!.cast.set(nobody, { ...screened, screens: { ...screens!, comes: false } })
    const call = async (phone: string, flow_id: string) => {
      const lead = { phone, flow_id, source: 'form', name: 'Vera Voss', language: 'en', consent: true as const }
      const { id } = await talkif.finished((await talkif.api.createLead(lead)).call_id)
      await media.runtime.telemetry.flush()
      return talkif.api.getCall({ id, include: ['transcript', 'trace'] })
    }
    const attemptOf = async (callId: string, when: SQL) => {
      const own = and(eq(attempts.callId, callId), when)
      return until(async () => (await db.select().from(attempts).where(own)).at(0))
    }
    const verdictsOn = async (callId: string, { id, carrierId }: typeof attempts.$inferSelect, verdicts: Verdict[]) => {
      const [row] = await db.select().from(calls).where(eq(calls.id, callId))
      const { carrier } = served.runtime.networks.of(row!)
      const event = { carrierId: carrierId!, status: 'in_progress', sequence: null, errorCode: null } as const
      for (const answeredBy of verdicts) await carrierEvent(served.runtime, carrier, id, { ...event, answeredBy })
    }
    /** Somebody who talks with the agent when the verdict on them comes. */
    const talksAs = async (phone: string, verdict: Verdict) => {
      media.sandbox!.cast.set(phone, scriptOf(people.books))
      const lead = { phone, flow_id: 'flow_talk', language: 'en', consent: true as const, source: 'talk' }
      const { call_id } = await talkif.api.createLead(lead)
      await verdictsOn(call_id, await attemptOf(call_id, eq(attempts.answeredBy, 'human')), [verdict])
      const { outcome, answers } = await talkif.finished(call_id)
      return [outcome, Object.keys(answers).length]
    }
    /** Somebody who says hello and nothing more, about whom the model has found out something before a verdict comes. */
    const heardAs = async (phone: string, findings: Findings, ...verdicts: Verdict[]) => {
      media.sandbox!.cast.set(phone, scriptOf(people.falls_silent))
      const lead = { phone, flow_id: 'flow_deaf', language: 'en', consent: true as const, source: 'form' }
      const { call_id } = await talkif.api.createLead(lead)
      const attempt = await attemptOf(call_id, isNotNull(attempts.answeredAt))
      await db.update(calls).set({ findings }).where(eq(calls.id, call_id))
      await verdictsOn(call_id, attempt, verdicts)
      return (await talkif.finished(call_id)).reason
    }
    const [left, long, none, alone, ...reasons] = await Promise.all([
      call(people.voicemail, 'flow_left'),
      call(people.long_voicemail, 'flow_left'),
      call(people.voicemail, 'flow_none'),
      call(nobody, 'flow_none'),
      heardAs('+12025550142', { voicemail: true }, 'human'),
      heardAs('+12025550143', { voicemail: true }, 'human', 'machine_end'),
      heardAs('+12025550144', { screened: true }, 'machine_end'),
    ])
    expect(await talksAs('+12025550145', 'machine_start')).toEqual(['qualified', 3])
    // A person outweighs what they were taken for, whatever is repeated later; a robot that asks for our name is no machine.
    expect(reasons).toEqual(['silence', 'silence', 'call_screening'])
    for (const machine of [left, long]) {
      const { transcript, trace } = machine
      expect(machine).toMatchObject({ outcome: 'no_answer', reason: 'voicemail' })
      expect(machine.attempts.map(({ result }) => result)).toEqual(['voicemail'])
      const message = 'Hi Vera, this is an AI assistant for Helena Education, on a recorded line. Please call us back.'
      expect(transcript!.at(-1)).toMatchObject({ role: 'agent', text: message, interrupted: false })
      expect(transcript!.filter(({ text }) => text === message).length).toBe(1)
      const spans = trace!.spans.filter(({ name }) => name === 'voicemail')
      expect(spans.map(({ attributes }) => attributes.result)).toEqual(['message_left'])
    }
    expect(none).toMatchObject({ outcome: 'no_answer', reason: 'voicemail' })
    expect(said(none, 'agent').some(({ text }) => text.includes('call us back'))).toBe(false)
    expect(alone).toMatchObject({ outcome: 'no_answer', reason: 'call_screening' })
    expect(said(alone, 'agent').map(({ text }) => text)).toContainEqual(
      "Hi, this is Talkif calling on behalf of Helena Education — I'm an AI assistant, and this call is recorded. I'm calling about the request they sent us.",
    )
    const verdicts = await db.select().from(attempts).where(eq(attempts.callId, left.id))
    expect(verdicts.map(({ answeredBy }) => answeredBy)).toEqual(['machine_end'])
    expect(media.sandbox!.violations).toEqual([])
  },
)

test('a verdict on whom nobody could be told ends the call once the database is there again', async ({
  onTestFinished,
}) => {
  const { line, served } = await startSplit(onTestFinished)
  const { db } = served.runtime
  const talkif = await openWorkspace(served)
  onTestFinished(talkif.inbox.close)
  await talkif.configure({ sandbox: { pace: 8, waits: 900 } })
  await talkif.deploy('id: flow_patient\nmatch: {source: form}\ncall: {amd: false, idle: 60s}\nqualify:\n  - need\n')
  const lead = { phone: people.falls_silent, flow_id: 'flow_patient', language: 'en', consent: true as const }
  const { call_id } = await talkif.api.createLead({ ...lead, source: 'form' })
  const attemptOf = async () => (await db.select().from(attempts).where(eq(attempts.callId, call_id))).at(0)
  const attempt = await until(async () => {
    const found = await attemptOf()
    return found?.answeredAt && found
  })
  const [row] = await db.select().from(calls).where(eq(calls.id, call_id))
  line.cut()
  const event = { carrierId: attempt.carrierId!, status: 'in_progress', sequence: null, errorCode: null } as const
  const { carrier } = served.runtime.networks.of(row!)
  await carrierEvent(served.runtime, carrier, attempt.id, { ...event, answeredBy: 'machine_start' })
  line.mend()
  expect(await talkif.finished(call_id)).toMatchObject({ outcome: 'no_answer', reason: 'voicemail' })
  expect(await attemptOf()).toMatchObject({ endedBy: 'agent' })
})
