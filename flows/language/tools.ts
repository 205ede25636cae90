import { isMap } from 'yaml'
import { type FlowTool, FlowToolBounds } from '../../openapi/schemas/flow-document.ts'
import { METHODS } from '../../openapi/schemas/flow-tool.ts'
import { json, oneOf, record, text, texts } from './fields.ts'
import { fieldsOf } from './forms.ts'
import { entries, type Node, type Read, type Reading, section } from './reading.ts'

/** Where an http tool goes: `GET https://…`, or a mapping. */
const request: Read<object> = (node, path, name, reading) => {
  const tool = name.slice(0, name.lastIndexOf('.'))
  if (isMap(node))
    return section(node, path, tool, reading, {
      method: { read: oneOf(METHODS), absent: 'GET' },
      url: { read: text, absent: undefined },
      headers: { read: record, absent: {} },
    })
  const written = text(node, path, name, reading)
  if (written === undefined) return undefined
  const [, word, url] = /^([A-Za-z]+) +(\S.*)$/.exec(written) ?? []
  const method = METHODS.find((known) => known === word)
  reading.place(`${tool}.url`, node, path)
  if (method) return { method, url, headers: {} }
  const message = `"${path}" must be a method and a URL, or a mapping of method, url and headers`
  const meant = METHODS.find((known) => known === (word ?? 'GET').toUpperCase())
  return reading.fault(node, path, message, meant && `${meant} ${url ?? written}`)
}

/** Where an MCP server is: its URL, or a mapping. */
const server: Read<object> = (node, path, name, reading) => {
  const tool = name.slice(0, name.lastIndexOf('.'))
  if (isMap(node))
    return section(node, path, tool, reading, {
      url: { read: text, absent: undefined },
      headers: { read: record, absent: {} },
    })
  const url = text(node, path, name, reading)
  reading.place(`${tool}.url`, node, path)
  return url === undefined ? undefined : { url, headers: {} }
}

const FIELDS = {
  description: { read: text, absent: undefined },
  http: { read: request, absent: undefined },
  mcp: { read: server, absent: undefined },
  input: { read: json, absent: null },
  allow: { read: texts, absent: null },
  ...fieldsOf(FlowToolBounds),
  sample: { read: json, absent: null },
}

/** A mapping of names to tools. What cannot be read of one leaves the others whole. */
export const tools: Read<FlowTool[]> = (node, path, name, reading) => {
  const all = entries(node, path, reading)
  return all.map(({ key, keyNode, value }, i) => {
    const inner = `${path}.${key}`
    const faults = reading.faults.length
    reading.place(`${name}.${i}`, keyNode, inner)
    const read = section(value, inner, `${name}.${i}`, reading, FIELDS)
    if (reading.faults.length === faults) complain(read, keyNode, inner, reading)
    return toolOf(key, read)
  })
}

/** What is missing, or given to a tool of the other kind. */
function complain(read: Record<string, unknown>, at: Node, path: string, reading: Reading): void {
  const { http, mcp, description, input, allow } = read
  const fault = (message: string) => reading.fault(at, path, message)
  if (http && mcp) fault(`"${path}" is either http or mcp, not both`)
  else if (!http && !mcp) fault(`"${path}" needs http or mcp, which say where it is`)
  else if (http && description === undefined)
    fault(`"${path}" needs a description, from which the agent knows when to use it`)
  else if (((http ?? mcp) as { url?: string }).url === undefined) fault(`"${path}" needs a url`)
  else if (http && allow) fault(`"${path}" takes no allow: it is one tool, allow is for mcp`)
  else if (mcp && input) fault(`"${path}" takes no input: the tools of an MCP server say themselves what they take`)
}

function toolOf(name: string, read: Record<string, unknown>): FlowTool {
  const { description, http, mcp, input, allow, timeout_seconds, sample } = read
  const common = { timeout_seconds, sample }
  const tool = http
    ? { name, description, kind: 'http', ...http, input, ...common }
    : { name, description: description ?? null, kind: 'mcp', ...(mcp ?? {}), allow, ...common }
  return tool as FlowTool
}
