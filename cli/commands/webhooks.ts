import type { WorkspaceView } from '../../openapi/schemas/workspace.ts'
import { CommandError } from '../failure.ts'
import { type Invocation, status, sure } from '../invocation.ts'
import { fields, type Paint, table } from '../output.ts'
import type { Server } from '../server.ts'
import { duration, timeAgo } from '../words.ts'

type Endpoint = WorkspaceView['webhooks'][number] & { name?: string | null }

interface DeadLetter {
  id: string
  event: string
  call_id: string
  url: string
  tries: number
  last_error: string | null
  created_at: string
}

type OfEndpoint<Options extends object = object> = Invocation<Options, [endpoint: string]>

/** `talkif webhooks list` */
export async function list({ out, server }: Invocation): Promise<void> {
  const { ask } = await server()
  const { webhooks } = await ask<{ webhooks: Endpoint[] }>('GET', '/workspace')
  const { data: dead_letters } = await ask<{ data: DeadLetter[] }>('GET', '/workspace/dead-letters')
  out.show({ webhooks, dead_letters }, ({ webhooks, dead_letters }, paint) => [
    ...table(
      paint,
      ['id', 'name', 'url', 'events', 'state'],
      webhooks.map(({ id, name, url, events, disabled, failing_since }) => [
        ...[id, name ?? null, url, events.join(' ') || 'those of flows'],
        disabled ? 'disabled' : failing_since ? 'failing' : 'ok',
      ]),
      'There are no webhook endpoints. Name them in talkif.yaml, then `talkif deploy`.',
    ),
    ...webhooks.flatMap(({ id, disabled_reason: why }) =>
      why ? [paint('yellow', `! ${id} is disabled: ${why}`)] : [],
    ),
    ...deadLetters(dead_letters, paint),
  ])
}

const deadLetters = (letters: DeadLetter[], paint: Paint): string[] =>
  letters.length === 0
    ? []
    : [
        '',
        `Given up, newest first; \`talkif webhooks resend <delivery>\` sends one again:`,
        ...table(
          paint,
          ['delivery', 'event', 'call', 'url', 'tries', 'last error'],
          letters.map(({ id, event, call_id, url, tries, last_error }) => [id, event, call_id, url, tries, last_error]),
          '',
        ),
      ]

interface TestResult {
  url: string
  ok: boolean
  status: number | null
  error: string | null
  took_ms: number
}

/** `talkif webhooks test`: status 1 when the receiver did not take it. */
export async function test({ args, out, server }: OfEndpoint): Promise<number> {
  const to = await server()
  const { id } = await endpointOf(to, args[0])
  const result = await to.ask<TestResult>('POST', `/workspace/webhooks/${id}/test`)
  out.show(result, testLines)
  return result.ok ? status.ok : status.failed
}

/** What came of a test, and what the receiver has to do about it. */
export function testLines({ ok, url, status: answered, error, took_ms }: TestResult, paint: Paint): string[] {
  if (ok) return [`${paint('green', '✓')} ${url} answered ${answered} after ${duration(took_ms)}.`]
  const next = error?.includes('ECONNREFUSED')
    ? 'Nobody listens there: start the receiver, or mend its url in talkif.yaml and run `talkif deploy`.'
    : 'Answer 2xx within 15 seconds; verify the signature with the secret of this endpoint.'
  return [
    `${paint('red', '✗')} ${url} did not take it: ${error ?? `it answered ${answered}`}.`,
    `${paint('cyan', '→')} ${next}`,
  ]
}

/** `talkif webhooks resend` */
export async function resend({ args, out, server }: Invocation<object, [delivery: string]>): Promise<void> {
  const [id] = args
  await (await server()).ask('POST', `/workspace/deliveries/${encodeURIComponent(id)}/resend`)
  out.show({ id, resent: true }, ({ id }, paint) => [`${paint('green', '✓')} ${id} is being sent again.`])
}

/** `talkif webhooks rotate` */
export async function rotate(it: OfEndpoint<{ yes?: boolean }>): Promise<void> {
  const to = await it.server()
  const { id, url } = await endpointOf(to, it.args[0])
  await sure(it, `Give ${url} a new secret? The old one signs beside it for a day.`)
  const { secret } = await to.ask<{ secret: string }>('POST', `/workspace/webhooks/${id}/rotate`)
  it.out.show({ id, url, secret }, ({ id, url, secret }, paint) => [
    ...fields(paint, [
      ['endpoint', `${id} ${url}`],
      ['secret', paint('bold', secret)],
    ]),
    'It is shown only now. Give it to the receiver within a day: until then both sign.',
  ])
}

/** `talkif webhooks recover` */
export async function recover({ args, options, out, server }: OfEndpoint<{ since: string }>): Promise<void> {
  const since = timeAgo(options.since, Date.now())
  if (Number.isNaN(Date.parse(since)))
    throw new CommandError(
      `--since ${since} is no time.`,
      'Give one such as 2026-05-26T15:04:11Z, or so long ago: 30m, 6h, 2d.',
    )
  const to = await server()
  const { id, url } = await endpointOf(to, args[0])
  let resent = 0
  for (let more = true; more; ) {
    const answer = await to.ask<{ resent: number; has_more: boolean }>('POST', `/workspace/webhooks/${id}/recover`, {
      body: { since },
    })
    resent += answer.resent
    more = answer.has_more
  }
  out.show({ id, url, since, resent }, ({ url, resent }, paint) => [
    resent ? `${paint('green', '✓')} ${recoveredLine(resent, url)}` : `Nothing is missing at ${url}.`,
  ])
}

export const recoveredLine = (resent: number, url: string): string =>
  resent === 1 ? `1 delivery to ${url} is on its way.` : `${resent} deliveries to ${url} are on their way.`

/** By its id, its name or its URL. @throws CommandError when there is none, or several are meant. */
export async function endpointOf(server: Server, given: string): Promise<Endpoint> {
  const { webhooks } = await server.ask<{ webhooks: Endpoint[] }>('GET', '/workspace')
  const [found, other] = webhooks.filter(({ id, name, url }) => [id, name, url].includes(given))
  if (found && !other) return found
  if (found) throw new CommandError(`Several endpoints have the address ${given}.`, 'Give the id of one of them.')
  throw new CommandError(`There is no webhook endpoint ${given} here.`, '`talkif webhooks list` shows those there are.')
}
