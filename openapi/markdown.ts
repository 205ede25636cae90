import type { z } from 'zod'
import { type JsonSchema, printSchema } from './json-schema.ts'

/** A Markdown table; cells keep their Markdown, and a bar in one does not end it. */
export function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A fenced block. `title` stands above it on pages. */
export const fence = (language: string, text: string, title = ''): string =>
  `\`\`\`${`${language} ${title}`.trim()}\n${text.trimEnd()}\n\`\`\``

export const jsonFence = (value: unknown, title = ''): string => fence('json', JSON.stringify(value, null, 2), title)

/** The members of an object schema as a table: name, type, whether it is needed, and what it is. */
export function fieldTable(schema: z.ZodType, io: 'input' | 'output'): string {
  const { properties = {}, required = [] } = printSchema(schema, io) as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  const rows = Object.entries(properties).map(([name, field]) => [
    `\`${name}\``,
    typeOf(field),
    ...(io === 'input' ? [required.includes(name) ? 'yes' : ''] : []),
    String(field.description ?? ''),
  ])
  return table(io === 'input' ? ['field', 'type', 'needed', 'what'] : ['field', 'type', 'what'], rows)
}

/** A schema's type in words: `string`, `integer, 0 to 60`, `list of Attempt`, `string or null`. */
function typeOf(field: JsonSchema): string {
  if (Array.isArray(field.anyOf)) return field.anyOf.map((each) => typeOf(each as JsonSchema)).join(' or ')
  if (Array.isArray(field.enum)) return field.enum.map((value) => `\`${value}\``).join(', ')
  if ('const' in field) return `\`${field.const}\``
  if (field.type === 'array') {
    return `list of ${typeOf(field.items as JsonSchema)}${field.maxItems ? `, at most ${number(field.maxItems)}` : ''}`
  }
  const range = 'minimum' in field && 'maximum' in field ? `, ${number(field.minimum)} to ${number(field.maximum)}` : ''
  const length = field.maxLength ? `, at most ${number(field.maxLength)} characters` : ''
  return `${field.format ?? field.type ?? 'any'}${range}${length}`
}

/** `10000` → `10,000`. */
export const number = (value: unknown): string => Number(value).toLocaleString('en-US')
