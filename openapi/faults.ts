import type { z } from 'zod'
import type { FieldFault } from './schemas/problem.ts'

/** Every fault of a parse as JSON pointers; unknown members are named one by one, each at its own place. */
export function faultsOf(error: z.ZodError): FieldFault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [fault(issue.path, issue.message)]
    return issue.keys.map((key) => fault([...issue.path, key], `There is no field ${key} here.`))
  })
}

const fault = (path: PropertyKey[], detail: string): FieldFault => ({
  pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  code: 'invalid_request',
  detail,
})
