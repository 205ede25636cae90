import type { RouteConfig } from '@asteasolutions/zod-to-openapi'
import { component } from './components.ts'
import { headersOf, schemaRef } from './http.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import { Problem, type ProblemCode, problems } from './schemas/problem.ts'

/** Every operation can fail in these ways besides its own. */
const everywhere: ProblemCode[] = ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable']
const withBody: ProblemCode[] = [
  'malformed_json',
  'unsupported_media_type',
  'payload_too_large',
  'idempotency_conflict',
  'idempotency_mismatch',
]

/** The codes an operation can answer, its own and the common ones. */
export const problemsOf = (it: Operation): ProblemCode[] => [
  ...everywhere,
  ...(it.method === 'post' ? withBody : []),
  ...it.problems,
]

const statusOf = (code: ProblemCode) => problems[code][0]
const pascal = (code: ProblemCode) => code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The failures of an operation by status: as a shared response where one code has the status to itself. */
const failureGroups = (it: Operation) =>
  [...Map.groupBy(problemsOf(it), statusOf)].map(([status, codes]) => ({
    status,
    codes,
    shared: codes.length === 1 ? pascal(codes[0]!) : undefined,
  }))

/** Shared responses by their names. */
export const sharedFailures = new Map(
  Object.values(operations)
    .flatMap(failureGroups)
    .flatMap(({ shared, codes }) => (shared ? [[shared, codes] as const] : [])),
)

/** The responses of an operation that failed, by status. */
export const failures = (it: Operation): RouteConfig['responses'] =>
  Object.fromEntries(
    failureGroups(it).map(({ status, codes, shared }) => [
      status,
      shared ? { $ref: `#/components/responses/${shared}` } : failure(codes),
    ]),
  )

/** Every code of one status, with an example of each. */
export function failure(codes: readonly ProblemCode[]) {
  const status = statusOf(codes[0]!)
  const { name } = component(Problem, 'output')
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code][1]}.`).join(' '),
    headers: headersOf(
      'RequestId',
      ...(status === 401 ? (['WwwAuthenticate'] as const) : []),
      ...(status === 429 || status === 503 ? (['RetryAfter'] as const) : []),
    ),
    content: {
      'application/problem+json': {
        schema: schemaRef(name),
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}
