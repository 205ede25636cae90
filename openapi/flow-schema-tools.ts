import { duration, mapping, matching, meaning, oneOrMore, orEmpty, text, WORDS } from './flow-schema-parts.ts'
import type { JsonSchema } from './json-schema.ts'
import { FlowDocument, FlowTool } from './schemas/flow-document.ts'
import { METHODS, PLATFORM_TOOLS } from './schemas/flow-tool.ts'
import { written } from './schemas/flow-written.ts'

const [http, mcp] = FlowTool.options
const NOTHING: JsonSchema = { type: 'null' }

const url: JsonSchema = { ...meaning(http.shape.url), type: 'string', pattern: '^\\s*\\S+\\s*$', maxLength: 2_000 }
const headers = orEmpty(meaning(http.shape.headers), {
  type: 'object',
  additionalProperties: orEmpty({}, { type: 'string' }, { type: 'number' }),
  maxProperties: 20,
})
const common = {
  timeout: duration(http.shape.timeout_seconds, written.get(http.shape.timeout_seconds)!.example!),
  sample: meaning(http.shape.sample),
}

const request: JsonSchema = {
  ...meaning(http.shape.kind),
  anyOf: [
    matching(`^\\s*(${METHODS.join('|')}) +\\S+\\s*$`, 'GET https://api.example.com/orders/{order_id}'),
    mapping({ method: orEmpty(meaning(http.shape.method), { enum: [...METHODS] }), url, headers }, 'url'),
  ],
}

const input = orEmpty(meaning(http.shape.input), {
  type: 'object',
  properties: { type: { const: 'object' } },
  required: ['type'],
  examples: [{ type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] }],
})

const server: JsonSchema = { ...meaning(mcp.shape.kind), anyOf: [url, mapping({ url, headers }, 'url')] }

/** Tools by their names. */
export const toolsSchema = (name: string): JsonSchema =>
  orEmpty(meaning(FlowDocument.shape.tools), {
    type: 'object',
    propertyNames: { pattern: `^${name}$`, not: { enum: PLATFORM_TOOLS } },
    additionalProperties: {
      anyOf: [
        mapping(
          { description: text(http.shape.description), http: request, input, ...common, mcp: NOTHING, allow: NOTHING },
          ...['http', 'description'],
        ),
        mapping(
          {
            ...{ description: text(mcp.shape.description), mcp: server },
            allow: orEmpty(meaning(mcp.shape.allow), ...oneOrMore(WORDS)),
            ...{ ...common, http: NOTHING, input: NOTHING },
          },
          'mcp',
        ),
      ],
    },
    maxProperties: 10,
  })
