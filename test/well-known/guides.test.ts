import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { describe, expect } from 'vitest'
import { parseFlow } from '../../flows/language/parse.ts'
import { MAY_FOLLOW } from '../../openapi/flow-actions.ts'
import { type Input, operations } from '../../openapi/operations.ts'
import { guides, twinOf } from '../../openapi/pages.ts'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import { eq } from '../../runtime/db/drizzle.ts'
import { deliveries } from '../../runtime/db/schema.ts'
import { RETRY_AFTER_MS } from '../../runtime/webhooks/deliver.ts'
import { test, type Workspace } from '../harness/talkif.ts'

const run = promisify(execFile)
const lead = { ...operations.createLead.examples.input, phone: sandboxPeople[0]!.number } as Input<'createLead'>

const guideText = async (talkif: Workspace, name: keyof typeof guides) =>
  (await talkif.fetch(twinOf(guides[name]))).text()

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\b.*\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!)

/** The commands of a guide that ask a server, as somebody pastes them who put `ids` and an endpoint of their own into them. */
async function pasteable(talkif: Workspace, name: keyof typeof guides, ids: Record<string, string> = {}) {
  const commands = blocks(await guideText(talkif, name), 'sh')
    .filter((block) => block.startsWith('curl'))
    .flatMap((block) => block.split(/^(?=curl)/m))
  const own = { 'https://example.com/hooks/talkif': `${talkif.inbox.url}/guide`, ...ids }
  return commands.map((command) => Object.entries(own).reduce((text, [id, real]) => text.replace(id, real), command))
}

/** Runs a command in a shell, with the key where guides say it is. @returns the answer; a refused one is an error. */
async function paste(talkif: Workspace, command: string): Promise<string> {
  const shell = command.trim().replace(/^curl/, 'curl --silent --show-error --fail-with-body')
  const env = { ...process.env, TALKIF_KEY: talkif.key }
  return (await run('sh', ['-c', shell], { env, cwd: new URL('../..', import.meta.url) })).stdout
}

describe('what a guide shows works as it is shown', () => {
  test('quickstart', async ({ talkif }) => {
    const [create, ...rest] = await pasteable(talkif, 'quickstart')
    const { call_id } = JSON.parse(await paste(talkif, create!))
    const [wait, subscribe] = rest
    const call = JSON.parse(await paste(talkif, wait!.replace('CALL_ID', call_id)))
    expect([call.outcome, call.transcript.length > 0]).toEqual(['booked', true])
    const { webhooks } = JSON.parse(await paste(talkif, subscribe!))
    expect(webhooks.some((hook: { secret?: string }) => hook.secret?.startsWith('whsec_'))).toBe(true)
  })

  test('handoffs: the queue', async ({ talkif }) => {
    const [queue] = await pasteable(talkif, 'handoffs')
    expect(JSON.parse(await paste(talkif, queue!))).toMatchObject({ name: 'sales', targets: [{ name: 'Ada' }] })
  })

  test('test numbers: the call, and the clock that holds it', async ({ talkif }) => {
    const [create, setClock] = await pasteable(talkif, 'test-numbers')
    expect(JSON.parse(await paste(talkif, create!)).status).toBe('queued')
    await paste(talkif, setClock!)
    const busy = create!.replace(sandboxPeople[0]!.number, sandboxPeople[1]!.number)
    expect(JSON.parse(await paste(talkif, busy))).toMatchObject({ status: 'held', reason: 'quiet_hours' })
  })

  test('flows: the deployment, the calendar, and every key and action named', async ({ talkif }) => {
    const [deploy, calendar] = await pasteable(talkif, 'flows')
    expect(JSON.parse(await paste(talkif, deploy!)).id).toBe('flow_pricing_v3')
    expect(JSON.parse(await paste(talkif, calendar!)).calendars).toHaveLength(1)

    const text = await guideText(talkif, 'flows')
    const written: Record<string, string> = {
      ...{
        within: '60s',
        voice: 'warm',
        engine: 'cascade',
        quiet_hours: '22:00-09:00',
        max_duration: '10m',
        idle: '8s',
        record: 'false',
      },
      ...{ retention: '30d', amd: 'true', voicemail_message: 'Hello', name: 'Ada', business: 'Helena', manner: 'Warm' },
      ...{ greeting: 'This is an AI calling for {business}.', greeting_interruptible: 'false' },
      ...{ interrupt_after: '200ms', interrupt_words: '2' },
      ...{ knowledge: 'Facts', prompt: 'Be brief' },
    }
    const keysOf = (heading: string) => {
      const [, section] = text.split(`\n## ${heading}\n`)
      return [...section!.split('\n## ')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!)
    }
    const keys = { call: keysOf('call'), agent: keysOf('agent') }
    expect([...keys.call, ...keys.agent].sort()).toEqual(Object.keys(written).sort())
    const rows = [...text.matchAll(/^\| ((?:`\w+[^|]*`(?:, )?)+) \| ([^|]+) \|[^|]+\| (?:runs|skipped) \|$/gm)]
    const named = rows.flatMap(([, names]) => [...names!.matchAll(/`(\w+)/g)].map((match) => match[1]))
    expect(named.sort()).toEqual(Object.keys(MAY_FOLLOW).sort())
    const section = (name: 'call' | 'agent') =>
      keys[name].map((key) => `  ${key}: ${JSON.stringify(written[key])}\n`).join('')
    const yaml = `id: f\ncall:\n${section('call')}agent:\n${section('agent')}`.replaceAll(/"(true|false)"/g, '$1')
    expect(parseFlow(yaml)).toHaveProperty('flow.id', 'f')
  })

  test('messages: a flow that sends one, its templates, and the list', async ({ talkif }) => {
    const [flow] = blocks(await guideText(talkif, 'messages'), 'yaml')
    const [templates, list] = await pasteable(talkif, 'messages')
    await paste(talkif, templates!)
    await talkif.deploy(flow!)
    const { call_id } = await talkif.api.createLead({
      ...lead,
      flow_id: 'missed_call',
      phone: sandboxPeople[2]!.number,
    })
    await talkif.finished(call_id)
    const { data } = JSON.parse(await paste(talkif, list!))
    expect(data).toMatchObject([{ call_id, channel: 'sms', template: 'we_missed_you' }])
  })

  test('workspace: an endpoint tried, and the do-not-call list there and back', async ({ talkif }) => {
    const [hook] = JSON.parse(await (await talkif.fetch('/workspace')).text()).webhooks
    const [attempt, upload, download] = await pasteable(talkif, 'workspace', { ENDPOINT_ID: hook.id })
    expect(JSON.parse(await paste(talkif, attempt!))).toMatchObject({ ok: true, status: 204 })
    expect(JSON.parse(await paste(talkif, upload!))).toMatchObject({ added: 2, refused: 0 })
    expect((await paste(talkif, download!)).split('\r\n').map((line) => line.split(',')[0])).toEqual([
      ...['phone', '+12025550143', '+905321234567', ''],
    ])
  })

  test('webhooks: subscription, dead letters, resending, rotation', async ({ talkif }) => {
    const [subscribe] = await pasteable(talkif, 'webhooks')
    const { webhooks } = JSON.parse(await paste(talkif, subscribe!))
    const { call_id } = await talkif.api.createLead(lead)
    await talkif.finished(call_id)
    const { db } = talkif.served.runtime
    const [delivery] = await db.select().from(deliveries).where(eq(deliveries.endpointId, webhooks[0].id)).limit(1)
    await db.update(deliveries).set({ status: 'dead', tries: 10 }).where(eq(deliveries.id, delivery!.id))

    const ids = { DELIVERY_ID: delivery!.id, ENDPOINT_ID: webhooks[0].id }
    const [, list, resend, recover, rotate] = await pasteable(talkif, 'webhooks', ids)
    expect(JSON.parse(await paste(talkif, list!)).data.map((it: { id: string }) => it.id)).toContain(delivery!.id)
    await paste(talkif, resend!)
    expect(JSON.parse(await paste(talkif, recover!))).toMatchObject({ has_more: false })
    expect(JSON.parse(await paste(talkif, rotate!)).secret).toMatch(/^whsec_/)
  })

  test('webhooks: the way they are verified, and their schedule', async ({ talkif }) => {
    const text = await guideText(talkif, 'webhooks')
    const { call_id } = await talkif.api.createLead(lead)
    await talkif.finished(call_id)
    const [hook] = talkif.inbox.of('outcome.booked')
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      expect(text).toContain(`| \`${name}\` |`)
      expect(hook!.headers[name]).toBeTruthy()
    }
    expect(new Webhook(talkif.webhookSecret).verify(hook!.raw, hook!.headers as Record<string, string>)).toEqual(
      hook!.body,
    )
    const rows = [...text.matchAll(/^\| (\d+) \| (\d+) (second|minute|hour)s \|$/gm)]
    const unit = { second: 1000, minute: 60_000, hour: 3_600_000 }
    expect(rows.map(([, , value, name]) => Number(value) * unit[name as keyof typeof unit])).toEqual(RETRY_AFTER_MS)
  })
})
