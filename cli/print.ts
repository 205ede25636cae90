import { readFileSync, writeFileSync } from 'node:fs'
import { table } from '../openapi/markdown.ts'
import { type CommandRow, globalOptions, groups, type OptionRow } from './table.ts'

/** Part of `npm run print`: the commands in docs/cli.md, from their table. */

const guide = new URL('../docs/cli.md', import.meta.url)
const BEGIN = '\n## Commands\n'

/** The guide of the command line, as it should be and as it is. */
export async function commandGuide(): Promise<{ printed: string; committed: string }> {
  const committed = readFileSync(guide, 'utf8')
  const prose = committed.slice(0, committed.indexOf(BEGIN))
  return { printed: `${prose}${BEGIN}\n${await commandList()}\n`, committed }
}

async function commandList(): Promise<string> {
  const sections = groups.map(async ({ heading, commands }) =>
    [`### ${heading}`, ...(await Promise.all(commands.map(described)))].join('\n\n'),
  )
  return ['Every command takes these:', optionTable(globalOptions), ...(await Promise.all(sections))].join('\n\n')
}

async function described({ name, args, help, route, options = [], contract }: CommandRow): Promise<string> {
  const all = [...options, ...((await contract?.()) ?? [])]
  return [
    `**\`${['talkif', name, args].filter(Boolean).join(' ')}\`**: ${help}.${route ? ` Route: \`${route}\`.` : ''}`,
    ...(all.length ? [optionTable(all)] : []),
  ].join('\n\n')
}

const optionTable = (options: OptionRow[]): string =>
  table(
    ['option', 'does'],
    options.map(({ flags, help, choices, default: unset }) => [
      `\`${flags}\``,
      [help, choices && `one of ${choices.join(', ')}`, unset && `${unset} when not given`].filter(Boolean).join('; '),
    ]),
  )

if (import.meta.main) writeFileSync(guide, (await commandGuide()).printed)
