import { z } from 'zod'
import { name, seconds, text } from './flow-fields.ts'
import { written } from './flow-written.ts'

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Tools that every call has; a flow's own need other names. */
export const PLATFORM_TOOLS = [
  ...['save_answer', 'check_slots', 'book_slot', 'transfer_to_human', 'not_a_fit', 'wrong_number', 'stop_calling'],
  ...['voicemail', 'call_screening', 'end_call', 'cancel_transfer', 'take_message'],
]

const toolName = name('What the agent calls it.').refine(
  (it) => !PLATFORM_TOOLS.includes(it),
  'must differ from the tools that every call has',
)

const url = text(2_000, `\`\${NAME}\` is a secret of the workspace, \`{field}\` a field of the input, URL-encoded.`)

/** RFC 9110 section 5.6.2, but beginning with a letter or digit. */
const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]{0,63}$/, 'must be the name of a header'),
    z
      .string()
      .min(1, 'must not be empty')
      .max(1_000, 'must have at most 1000 characters')
      .regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII characters'),
  )
  .refine((given) => Object.keys(given).length <= 20, 'must have at most 20 headers')
  .describe(`Sent with each request. \`\${NAME}\` is a secret of the workspace.`)

const timeout = seconds(1, 30, 'After this the agent is told that the tool failed.').register(written, {
  ...{ form: 'seconds', key: 'timeout', implied: 8, example: '5s' },
})
const sample = z.unknown().describe('What it answers in test mode, which never touches it. Null: that this is a test.')

/** What both kinds have besides, in the same words. */
export const FlowToolBounds = z.strictObject({ timeout_seconds: timeout })

export const FlowTool = z
  .discriminatedUnion('kind', [
    z.strictObject({
      name: toolName,
      description: text(1_000, 'What it does and when to use it, for the agent.'),
      kind: z.literal('http').describe('One HTTP request.'),
      method: z.enum(METHODS).describe('Input goes into the query of GET and DELETE, into a JSON body otherwise.'),
      url,
      headers,
      input: z.record(z.string(), z.unknown()).nullable().describe('JSON Schema of what it takes. Null: nothing.'),
      timeout_seconds: timeout,
      sample,
    }),
    z.strictObject({
      name: toolName,
      description: text(1_000, 'When to use its tools, for the agent.').nullable(),
      kind: z.literal('mcp').describe('The tools of an MCP server.'),
      url,
      headers,
      allow: z
        .array(text(128, 'Name of a tool.'))
        .min(1, 'must not be empty')
        .max(50, 'must have at most 50 tools')
        .nullable()
        .describe('The only tools of the server that are offered. Null: all.'),
      timeout_seconds: timeout,
      sample,
    }),
  ])
  .describe('A tool that the agent may use during the call.')

export type FlowTool = z.infer<typeof FlowTool>
