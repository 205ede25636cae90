import type { Document } from '../openapi/pages.ts'

/** A document of JSON, readable as it stands. */
export const json = (path: string, type: string, value: unknown): Document => ({
  path,
  type,
  text: `${JSON.stringify(value, null, 2)}\n`,
})
