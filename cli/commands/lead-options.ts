import { printSchema } from '../../openapi/json-schema.ts'
import { CreateLead } from '../../openapi/schemas/lead.ts'
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
    const flag = `--${name.replaceAll('_', '-')}`
    const help = description.replaceAll('`', '')
    if (name === 'consent')
      return { flags: `${flag} [json]`, help: 'alone: they agreed to be called; or the evidence as JSON' }
    if (type === 'object')
      return { flags: `${flag} <key=value>`, help: `${help} May be given several times.`, many: true }
    return { flags: `${flag} <${type === 'integer' ? 'n' : 'text'}>`, help }
  })

/** The fields that options gave, as the body of a lead. What has the wrong form is left as it is, for the server to judge. */
export function leadOf(options: Record<string, unknown>): Record<string, unknown> {
  const given = lead().flatMap(([name, { type }]): [string, unknown][] => {
    const value = options[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return value === undefined ? [] : [[name, read(value, type)]]
  })
  return Object.fromEntries(given)
}

function read(value: unknown, type: string | undefined): unknown {
  if (Array.isArray(value)) return Object.fromEntries(value.map(pair))
  if (typeof value !== 'string') return value
  if (type === 'integer') return /^\d+$/.test(value) ? Number(value) : value
  if (type === 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

const pair = (given: string): [string, string] => {
  const at = given.indexOf('=')
  return at < 0 ? [given, ''] : [given.slice(0, at), given.slice(at + 1)]
}
