import { z } from 'zod'

/** A name chosen by the author of a flow. */
export const name = (what: string) =>
  z
    .string()
    .max(64, 'must have at most 64 characters')
    .regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _, and begin with a letter')
    .describe(what)

/** A reference to something of the workspace: a calendar, a queue, an endpoint, a template, a voice. */
export const reference = (what: string) =>
  z
    .string()
    .max(64, 'must have at most 64 characters')
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be letters, digits, _, . and -')
    .describe(what)

export const text = (max: number, what: string) =>
  z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`).describe(what)

export const seconds = (min: number, max: number, what: string) =>
  z
    .int()
    .min(min, `must be at least ${inWords(min)}`)
    .max(max, `must be at most ${inWords(max)}`)
    .describe(`${what} In seconds.`)

/** Seconds as a flow writes them. */
function inWords(seconds: number): string {
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3_600, 'h'],
      [60, 'm'],
    ] as const
  ).find(([it]) => seconds % it === 0) ?? [1, 's']
  return `${seconds / size}${unit}`
}
