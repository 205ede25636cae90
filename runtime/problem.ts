import { detailOf, type FieldFault, type ProblemCode, problems } from '../openapi/schemas/problem.ts'

interface More {
  errors?: FieldFault[]
  param?: string
  suggestedAction?: string
  retryAfterSeconds?: number
  headers?: Record<string, string>
}

/** A failure that the caller may know of. Its status and title stand in the contract's table; a door prints it. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly code: ProblemCode
  readonly errors: FieldFault[] | undefined
  readonly param: string | null
  readonly suggestedAction: string
  /** For 429 and 503; without it waiting does not help. */
  readonly retryAfterSeconds: number | undefined
  /** What HTTP says beside it. */
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, detail: string, more: More = {}) {
    super(detail)
    this.code = code
    this.errors = more.errors
    this.param = more.param ?? soleParam(more.errors)
    this.suggestedAction = more.suggestedAction ?? problems[code][2]
    this.retryAfterSeconds = more.retryAfterSeconds
    this.headers = more.headers ?? {}
  }
}

const soleParam = (errors: FieldFault[] | undefined): string | null =>
  errors?.length === 1 ? errors[0]!.pointer.slice(1).replaceAll('/', '.') || null : null

/**
 * The problem that several faults make together: the one whose code comes first in the contract's table. `param` is what the only
 * fault is about, where its pointer does not say so.
 */
export function problemOf(errors: FieldFault[], param?: string): ProblemError {
  const codes = Object.keys(problems) as ProblemCode[]
  const rank = (fault: FieldFault) => {
    const at = codes.indexOf(fault.code as ProblemCode)
    return at < 0 ? codes.indexOf('invalid_request') : at
  }
  const first = errors.toSorted((a, b) => rank(a) - rank(b))[0]!
  const code = codes[rank(first)]!
  return new ProblemError(code, detailOf(first, errors), { errors, ...(param && errors.length === 1 ? { param } : {}) })
}

/** The problem of a part of the input, its faults at their places in the whole; any other error as it is. */
export function atPointer(prefix: string, error: unknown): unknown {
  if (!(error instanceof ProblemError) || !error.errors) return error
  return problemOf(error.errors.map((fault) => ({ ...fault, pointer: `${prefix}${fault.pointer}` })))
}
