import { stringify } from 'csv-stringify/sync'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { CreateLead } from '../../openapi/schemas/lead.ts'
import type { KeyHolder } from '../../runtime/access/keys.ts'
import { doNotCall } from '../../runtime/calls/do-not-call.ts'
import { everyOptOut, type ListedOptOut, listOptOuts, removeOptOut } from '../../runtime/calls/do-not-call-list.ts'
import { importDoNotCall } from '../../runtime/calls/import-do-not-call.ts'
import type { Deps } from '../../runtime/deps.ts'
import { normalisePhone } from '../../runtime/guardrails/phone.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { mediaType, readText } from '../read-request.ts'
import { admin, readBody, readParameters } from './admin.ts'
import { readNumbers } from './number-file.ts'
import { keyAfter, pageOf, paging } from './page.ts'

const ListQuery = z.strictObject({ format: z.enum(['json', 'csv', 'ftc']).default('json'), ...paging })
const Country = z.strictObject({ country: CreateLead.shape.country })
const Phones = Country.extend({ phones: z.array(z.string().min(1).max(64)).min(1).max(10_000) })

export function doNotCallRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace/dnc', async (context) => {
    const holder = await admin(deps, context)
    const { format, limit, cursor } = readParameters(context, ListQuery)
    if (format !== 'json') return exported(deps, holder, format)
    const rows = await listOptOuts(deps, holder, { limit: limit + 1, after: keyAfter(cursor) })
    return answer(
      context,
      200,
      pageOf(rows, limit, ({ phone }) => phone),
    )
  })
  app.post('/workspace/dnc', async (context) => {
    const holder = await admin(deps, context)
    if (mediaType(context) === 'text/csv') return imported(deps, holder, context)
    const given = await readBody(context, Phones)
    return answer(context, 201, { added: await deps.db.transaction((tx) => doNotCall(tx, deps, holder, given)) })
  })
  app.delete('/workspace/dnc/:phone', async (context) => {
    const holder = await admin(deps, context)
    const { country } = readParameters(context, Country)
    await removeOptOut(deps, holder, { phone: context.req.param('phone'), country })
    return context.body(null, 204)
  })
  return app
}

async function imported(deps: Deps, holder: KeyHolder, context: Context): Promise<Response> {
  const { country } = readParameters(context, Country)
  const rows = await importDoNotCall(deps, holder, readNumbers(await readText(context), country))
  const count = (wanted: string) => rows.filter(({ result }) => result === wanted).length
  return answer(context, 200, {
    added: count('added'),
    already_there: count('already_there'),
    refused: count('refused'),
    rows,
  })
}

const FILES = {
  csv: { type: 'text/csv; charset=utf-8; header=present', name: 'do-not-call.csv' },
  ftc: { type: 'text/plain; charset=utf-8', name: 'do-not-call.txt' },
}

/** The whole list as a file, part by part. */
function exported(deps: Deps, holder: KeyHolder, format: 'csv' | 'ftc'): Response {
  const { type, name } = FILES[format]
  const lines = format === 'csv' ? csvLines : ftcLines
  const bytes = async function* () {
    const encoder = new TextEncoder()
    if (format === 'csv') yield encoder.encode('phone,source,created_at\r\n')
    for await (const part of everyOptOut(deps, holder)) yield encoder.encode(lines(part))
  }
  return new Response(ReadableStream.from(bytes()), {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  })
}

/** Lines of CSV (RFC 4180). */
const csvLines = (part: ListedOptOut[]): string =>
  stringify(
    part.map(({ phone, source, created_at }) => [phone, source, created_at]),
    { record_delimiter: 'windows' },
  )

/**
 * The flat file of the FTC's National Do Not Call Registry: `202,5550100`, an area code and a number on each line. Only numbers of
 * the United States can stand in it.
 * @see https://telemarketing.donotcall.gov
 */
const ftcLines = (part: ListedOptOut[]): string =>
  part
    .filter(({ phone }) => isOfUnitedStates(phone))
    .map(({ phone }) => `${phone.slice(2, 5)},${phone.slice(5)}\r\n`)
    .join('')

function isOfUnitedStates(phone: string): boolean {
  const read = normalisePhone(phone)
  return read.ok && read.country === 'US'
}
