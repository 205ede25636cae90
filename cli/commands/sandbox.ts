import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { WorkspaceView } from '../../openapi/schemas/workspace.ts'
import type { Invocation } from '../invocation.ts'
import { fields, table } from '../output.ts'
import { more, type Page } from '../pages.ts'
import { dateTime } from '../words.ts'

/** `talkif sandbox` */
export async function people({ out }: Invocation): Promise<void> {
  out.show(sandboxPeople, (people) => [
    ...people.map(({ number, summary, outcome }) => `${number}  ${summary}  → ${outcome}`),
    'Every other number behaves like the first.',
  ])
}

/** `talkif sandbox clock` */
export async function clock(it: Invocation<{ pace?: string; waits?: string }, [time?: string]>): Promise<void> {
  const { pace, waits } = it.options
  const [time] = it.args
  const asked = {
    ...(time === undefined ? {} : { clock: time }),
    ...(pace === undefined ? {} : { pace: Number(pace) }),
    ...(waits === undefined ? {} : { waits: Number(waits) }),
  }
  const { ask } = await it.server()
  const { sandbox: now } = await ask<WorkspaceView>('GET', '/workspace')
  // A section that is sent replaces the whole of it.
  const { sandbox } = Object.keys(asked).length
    ? await ask<WorkspaceView>('PUT', '/workspace', { body: { sandbox: { ...now, ...asked } } })
    : { sandbox: now }
  it.out.show(sandbox, ({ clock, pace, waits }, paint) =>
    fields(paint, [
      ['clock', `${clock} where the person is`],
      ['pace', `conversations run ${pace} times as fast as life`],
      ['waits', `ringing, holds and retries pass ${waits} times as fast`],
    ]),
  )
}

interface Message {
  created_at: string
  direction: 'in' | 'out'
  channel: string
  from: string | null
  to: string
  template: string | null
  body: string | null
  status: string
  why: string | null
}

/** `talkif sandbox messages` */
export async function messages({
  options,
  out,
  server,
}: Invocation<{ limit: string; cursor?: string }>): Promise<void> {
  const { limit, cursor } = options
  const page = await (await server()).ask<Page<Message>>('GET', '/workspace/messages', { query: { limit, cursor } })
  out.show(page, ({ data, next_cursor }, paint) => [
    ...table(
      paint,
      ['when', 'channel', 'from', 'to', 'status', 'text'],
      data.map(({ created_at, channel, from, to, status, why, body, template }) => [
        ...[dateTime(created_at), channel, from, to],
        why ? `${status} (${why})` : status,
        body ?? (template && `template ${template}`),
      ]),
      'There are no messages yet. A flow sends them with sms("…") and whatsapp("…").',
    ),
    ...more(next_cursor),
  ])
}
