import type { YAMLError, YAMLWarning } from 'yaml'
import type { YamlFault } from './yaml.ts'

/** What the YAML library found, in the words of somebody who writes a file. @param offset a place that has something on it. */
export function inWords({ code, message }: YAMLError | YAMLWarning, offset: number, text: string): YamlFault {
  const end = text.indexOf('\n', offset)
  const line = text.slice(offset, end < 0 ? undefined : end)
  return { offset, message: worded(code, message, line, text.slice(0, offset).trimEnd().at(-1)) }
}

/** @param before what stands before the place, other than space. */
function worded(code: YAMLError['code'], message: string, line: string, before: string | undefined): string {
  const closing = /(?:end with a|Expected .* to end with) ([\]}])/.exec(message)?.[1]
  if (closing) return `a ${closing} is missing here`
  switch (code) {
    case 'MISSING_CHAR':
      return /quote/.test(message) ? 'a quotation mark is not closed' : lower(message)
    case 'BLOCK_AS_IMPLICIT_KEY':
      return /:(\s|$)/.test(line) ? 'text with a colon and a space in it must stand in quotes' : INDENTED
    case 'MULTILINE_IMPLICIT_KEY':
      return 'a colon is missing after this key, or what follows is indented too far'
    case 'BAD_INDENT':
      return INDENTED
    case 'BAD_SCALAR_START':
      return `text that begins with ${line[0]} must stand in quotes`
    case 'BAD_DQ_ESCAPE':
      return `${message.replace('Invalid', 'there is no')} in double quotes; write \\\\ for a backslash, or use single quotes`
    case 'BLOCK_IN_FLOW':
      return /:(\s|$)/.test(line) ? 'text with a colon and a space in it must stand in quotes' : lower(message)
    case 'UNEXPECTED_TOKEN':
      if (/at node end/.test(message) && before === '$' && line.startsWith('{')) return UNQUOTED_VARIABLE
      if (/at node end/.test(message) && before && before in OPENED_BY)
        return `text that begins with ${OPENED_BY[before]} must stand in quotes, all of it`
      if (/at node end/.test(message) && (before === '"' || before === "'"))
        return 'text goes on after its closing quotation mark: all of it must stand in one pair of quotes'
      return /^Not a YAML token/.test(message) ? 'text that begins with > or | must stand in quotes' : lower(message)
    default:
      return lower(message)
  }
}

/** Its brackets are those of YAML there; what follows it only tells of that. */
export const UNQUOTED_VARIABLE = 'a variable within { } or [ ] must stand in double quotes, with all that is around it'

/** What closes something in the midst of a text that was to be one. */
const OPENED_BY: Record<string, string> = { '}': '{', ']': '[' }

const INDENTED = 'what follows is not indented like the lines it belongs to'

const lower = (message: string) => message.split('\n')[0]!.replace(/^[A-Z](?=[a-z ])/, (c) => c.toLowerCase())
