import { writeFile } from 'node:fs/promises'
import { TalkifError } from '../../openapi/client.ts'
import type { Problem } from '../../openapi/schemas/problem.ts'
import { CommandError, inFlags } from '../failure.ts'
import { readText, unwritable } from '../files.ts'
import { type Invocation, status } from '../invocation.ts'
import { everyPage, type Page } from '../pages.ts'
import type { Server } from '../server.ts'

const PATH = '/workspace/dnc'

interface Country {
  country?: string
}

/** `talkif dnc add` */
export async function add({ args, options, out, server }: Invocation<Country, [phones: string[]]>): Promise<void> {
  const [phones] = args
  const { country } = options
  const { ask } = await server()
  const answer = await ask<{ added: number }>('POST', PATH, { body: { phones, country } }).catch((error) => {
    throw phones.length > 1 && error instanceof TalkifError && error.problem.errors ? noneAdded(error.problem) : error
  })
  out.show(answer, ({ added }, paint) => [
    `${paint('green', '✓')} ${added} ${added === 1 ? 'number is' : 'numbers are'} on the do-not-call list.`,
  ])
}

/** One number at fault keeps the others from the list, which nobody would think. */
const noneAdded = ({ detail, suggested_action, ...problem }: Problem) =>
  new CommandError(
    detail,
    'None of the numbers was added. Write each such as +12025550100, then run it again.',
    problem,
  )

/** `talkif dnc remove` */
export async function remove({ args, options, out, server }: Invocation<Country, [phone: string]>): Promise<void> {
  const [phone] = args
  await (await server()).ask('DELETE', `${PATH}/${encodeURIComponent(phone)}`, { query: { country: options.country } })
  out.show({ phone, removed: true }, ({ phone }, paint) => [
    `${paint('green', '✓')} Test calls may ring ${phone} again.`,
  ])
}

interface Imported {
  added: number
  already_there: number
  refused: number
  rows: { row: number; phone: string; result: string; detail: string | null }[]
}

/** `talkif dnc import`: status 1 when a row was refused; the others are on the list all the same. */
export async function importFile(it: Invocation<Country, [file: string]>): Promise<number> {
  const { args, options, out, server } = it
  const body = { type: 'text/csv', text: await readText(args[0]) }
  const answer = await (await server()).ask<Imported>('POST', PATH, { query: { country: options.country }, body })
  out.show(answer, ({ added, already_there, refused, rows }, paint) => [
    `${paint('green', '✓')} ${added} added, ${already_there} already there, ${refused} refused.`,
    ...rows
      .filter(({ result }) => result === 'refused')
      .map(
        ({ row, phone, detail }) =>
          `${paint('red', '✗')} line ${row}: ${phone} ${inFlags(detail ?? '', ['--country'])}`,
      ),
  ])
  return answer.refused ? status.failed : status.ok
}

/** `talkif dnc export`: the file as it is, on stdout or where --output says. */
export async function exportList({
  options,
  out,
  server,
}: Invocation<{ format: string; output?: string }>): Promise<void> {
  const { output } = options
  const text = await exported(await server(), out.isJson ? 'json' : options.format)
  if (!output) return void process.stdout.write(text)
  await writeFile(output, text).catch((error) => {
    throw unwritable(output, error)
  })
  if (!out.isJson) out.line(`${out.paint('green', '✓')} ${output} is written.`)
}

async function exported({ ask, text }: Server, format: string): Promise<string> {
  if (format !== 'json') return text(PATH, { format })
  const data = await everyPage((cursor) => ask<Page<object>>('GET', PATH, { query: { limit: 100, cursor } }))
  return `${JSON.stringify({ data }, null, 2)}\n`
}
