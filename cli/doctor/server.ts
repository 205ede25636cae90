import { isProblem, TalkifError } from '../../openapi/client.ts'
import type { WorkspaceView } from '../../openapi/schemas/workspace.ts'
import type { ClientConfig } from '../../runtime/config.ts'
import { version } from '../../runtime/version.ts'
import { openServer, type Server } from '../server.ts'
import { zonedDateTime } from '../words.ts'
import { asked, clockFinding, type Finding, fail, ok, warn } from './finding.ts'

/** Webhook signatures are refused when they are five minutes off (Standard Webhooks); the Date header counts seconds. */
const CLOCK_TOLERANCE_MS = 60_000

/** The server that commands talk to: whether it answers, its version, what the key may, and its webhook endpoints. */
export async function server(config: ClientConfig): Promise<Finding[]> {
  const { url, key, isGiven } = config
  const response = await asked(`${url}/readyz`)
  // One may ask before anything was started; of an address that was named, something was expected.
  const silent = isGiven ? fail : warn
  if (!response)
    return [silent('server', `none answers at ${url}`, 'Start one with `talkif dev` or `talkif serve`, or give --url.')]
  const ready = await response.json().catch(() => undefined)
  if (!response.ok && isProblem(ready)) return [fail('server', `${url}: ${ready.detail}`, ready.suggested_action)]
  if (!response.ok)
    return [fail('server', `${url} answered ${response.status}`, 'Check what stands at --url or TALKIF_URL.')]
  const date = Date.parse(response.headers.get('date') ?? '')
  return [
    await running(url),
    ...(Number.isNaN(date) ? [] : [clockFinding('server clock', date, Date.now(), CLOCK_TOLERANCE_MS)]),
    ...(key ? await workspace(openServer(config)) : [noKey]),
  ]
}

const noKey = warn('key', 'none is set', 'Set TALKIF_KEY or give --key, so that the workspace can be looked at.')

async function running(url: string): Promise<Finding> {
  const document = await (await asked(`${url}/openapi.json`))?.json().catch(() => undefined)
  const theirs = (document as { info?: { version?: string } } | undefined)?.info?.version
  if (theirs === version) return ok('server', `${url} is ready, version ${theirs}`)
  if (!theirs) return warn('server', `${url} is ready, but shows no contract`, 'Check that it runs the role api.')
  return warn('server', `${url} runs ${theirs}, this command is ${version}`, 'Use the same version of both.')
}

async function workspace({ ask }: Server): Promise<Finding[]> {
  try {
    const { name, webhooks } = await ask<WorkspaceView>('GET', '/workspace')
    const { data } = await ask<{ data: unknown[] }>('GET', '/workspace/dead-letters')
    return [ok('key', `of the workspace ${name}`), ...webhooks.map(endpoint), ...given(data.length)]
  } catch (error) {
    if (!(error instanceof TalkifError)) throw error
    const { code, detail, suggested_action } = error.problem
    return [code === 'forbidden' ? warn('key', detail, suggested_action) : fail('key', detail, suggested_action)]
  }
}

function endpoint({ id, url, failing_since: since, disabled_reason: why }: WorkspaceView['webhooks'][number]): Finding {
  if (why !== null)
    return fail(
      'webhook',
      `${url} is disabled: ${why}`,
      `Mend the receiver, name it again with \`talkif deploy\`, then \`talkif webhooks recover ${id} --since …\`.`,
    )
  if (!since) return ok('webhook', `${url} is served`)
  return fail(
    'webhook',
    `${url} has taken nothing since ${zonedDateTime(since)}`,
    `\`talkif webhooks test ${id}\` shows what it answers. What it misses is sent again for days.`,
  )
}

const given = (count: number): Finding[] =>
  count === 0
    ? []
    : [
        warn(
          'deliveries',
          `${count >= 100 ? '100 or more' : count} webhooks were given up`,
          '`talkif webhooks list` shows them, `talkif webhooks resend` sends one again.',
        ),
      ]
