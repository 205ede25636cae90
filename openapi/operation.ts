import type { z } from 'zod'
import type { ProblemCode } from './schemas/problem.ts'

export const scopes = [
  'leads:write',
  'calls:read',
  'flows:write',
  'flows:read',
  'numbers:read',
  'handoffs:write',
  'workspace:admin',
] as const
export type Scope = (typeof scopes)[number]

/** Bytes of a request's body. */
export const MAX_BODY = 256 * 1024

/** What the MCP tool of an operation says and answers otherwise than HTTP. */
export interface ToolWords {
  /** Goes on after "Use this when ". */
  when: string
  /** What an agent must know before and after the call; the operation's `description` when not given. */
  notes?: string
  /** Said beside an answer that holds words of a stranger. */
  untrusted?: string
  /** Another answer than that of HTTP, and how it is made from it. */
  answer?: { schema: z.ZodObject; from(body: never): object }
  /**
   * Members of the answer that the tool's output schema names, `results.row` for one of a row: what an agent acts on. All when not
   * given. The answer itself is whole, as outputs are open.
   */
  shows?: readonly string[]
}

/** One row of the contract. Path parameters, query and body are all members of `input`; the path and method say which is where. */
export interface Operation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  method: 'get' | 'post' | 'delete'
  path: string
  scope: Scope
  /** The usual success status; a handler may answer another of `successes`. */
  success: number
  successes?: Record<number, string>
  tag: string
  summary: string
  description: string
  input: I
  output: O
  problems: readonly ProblemCode[]
  hints: { readOnly?: boolean; destructive: boolean; idempotent: boolean; openWorld: boolean }
  /** `created`: the output with 201, where it differs. */
  examples: { input: Record<string, unknown>; output: Record<string, unknown>; created?: Record<string, unknown> }
  /** How an agent is told of it over MCP. */
  tool: ToolWords
  /** Largest body, in bytes; `MAX_BODY` unless said. */
  maxBody?: number
}

export const operation = <I extends z.ZodObject, O extends z.ZodType>(it: Operation<I, O>): Operation<I, O> => it

/** Names of the input's members that travel in the path. */
export const pathParameters = (it: Pick<Operation, 'path'>): string[] =>
  [...it.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)

/** `createLead` → `create-lead`, `create_lead`: the one name in its other casings. */
export const kebab = (operationId: string): string => operationId.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)
export const snake = (operationId: string): string => operationId.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
