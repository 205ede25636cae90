import { printSchema } from '../../openapi/json-schema.ts'
import { CreateLead } from '../../openapi/schemas/lead.ts'
import type { Problem } from '../../openapi/schemas/problem.ts'
import { CommandError } from '../failure.ts'
import type { OptionRow } from '../table.ts'

interface Field {
  type?: string
  description?: string
}

const lead = () =>
  Object.entries((printSchema(CreateLead, 'input') as { properties: Record<string, Field> }).properties)

/** One option for each field of a lead, as the contract describes it. */
export const leadOptions = async (): Promise<OptionRow[]> =>
  lead().map(([name, { type, description = '' }]) => {
    const flag = flagOf(name)
    const help = description.replaceAll('`', '')
    if (name === 'consent')
      return { flags: `${flag} [json]`, help: 'alone: they agreed to be called; or the evidence as JSON' }
    if (type === 'object')
      return { flags: `${flag} <key=value>`, help: `${help} May be given several times.`, many: true }
    return { flags: `${flag} <${type === 'integer' ? 'n' : 'text'}>`, help }
  })

const flagOf = (name: string): string => `--${name.replaceAll('_', '-')}`

const EXAMPLE = 'talkif lead create --source web_form --intent pricing --phone +12025550100 --consent'

/** A refusal of a lead that options gave, in their names and with a command that works. */
export function inFlags({ detail, suggested_action, errors = [], ...problem }: Problem): CommandError {
  const told = errors.map(({ pointer, detail }) => {
    const [, name = ''] = pointer.split('/')
    if (!name) return detail
    return detail.startsWith(`${name} `) ? `${flagOf(name)}${detail.slice(name.length)}` : `${flagOf(name)}: ${detail}`
  })
  return new CommandError(told.join('\n  ') || detail, `For example: ${EXAMPLE}`, { ...problem })
}

/**
 * The fields that options gave, as the body of a lead. What has the wrong form is left as it is, for the server to judge.
 * @throws CommandError for `--metadata` without a key or a value.
 */
export function leadOf(options: Record<string, unknown>): Record<string, unknown> {
  const given = lead().flatMap(([name, { type }]): [string, unknown][] => {
    const value = options[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return value === undefined ? [] : [[name, read(name, value, type)]]
  })
  return Object.fromEntries(given)
}

function read(name: string, value: unknown, type: string | undefined): unknown {
  if (Array.isArray(value)) return Object.fromEntries(value.map((given) => pair(name, given)))
  if (typeof value !== 'string') return value
  if (type === 'integer') return /^\d+$/.test(value) ? Number(value) : value
  if (type === 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function pair(name: string, given: string): [string, string] {
  const at = given.indexOf('=')
  if (at < 1) throw new CommandError(`${flagOf(name)} ${given} is no pair.`, `Write ${flagOf(name)} key=value.`)
  return [given.slice(0, at), given.slice(at + 1)]
}
