import type { Output as Answer } from '../../openapi/operations.ts'
import type { Invocation } from '../invocation.ts'
import { table } from '../output.ts'
import { everyPage, type Page } from '../pages.ts'

type PhoneNumber = Answer<'listNumbers'>['data'][number]
type Row = Pick<PhoneNumber, 'id' | 'phone' | 'label'> & Partial<PhoneNumber>

interface New {
  label?: string
  country?: string
}

/** `talkif numbers add` */
export async function addNumber({ args, options, out, server }: Invocation<New, [phone: string]>): Promise<void> {
  const { label, country } = options
  const body = { phone: args[0], label, country }
  const added = await (await server()).ask<Row>('POST', '/workspace/numbers', { body })
  out.show(added, ({ phone }, paint) => [
    // Whether they can be, the carrier decides too.
    `${paint('green', '✓')} ${phone} is one of the numbers that live calls are placed from.`,
  ])
}

/** `talkif numbers list`: those of this key, and with a test key also those that live calls are placed from. */
export async function listNumbers({ out, server }: Invocation): Promise<void> {
  const { api, ask } = await server()
  const dialing = await everyPage<Row>((cursor) => api.listNumbers({ limit: 100, ...(cursor ? { cursor } : {}) }))
  const own = await everyPage((cursor) =>
    ask<Page<Row>>('GET', '/workspace/numbers', { query: { limit: 100, cursor } }),
  )
  const others = own.filter(({ phone }) => !dialing.some((it) => it.phone === phone))
  out.show({ data: [...dialing, ...others] }, ({ data }, paint) => [
    ...table(
      paint,
      ['phone', 'label', 'calls', 'can dial'],
      data.map(({ phone, label, test, can_dial }) => [
        ...[phone, label, test ? 'test' : 'live'],
        can_dial === undefined ? null : can_dial ? 'yes' : 'no',
      ]),
      'There are no numbers. Add one with `talkif numbers add`.',
    ),
    ...data.flatMap(({ phone, cannot_dial_reason: why }) => (why ? [paint('yellow', `! ${phone}: ${why}`)] : [])),
  ])
}
