import { createHash } from 'node:crypto'
import type { Flow } from '../../openapi/schemas/flow-document.ts'

/** SHA-256 (hex) of what a flow means: comments, spelling and the order of keys do not count. Equal hash, same version. */
export function contentHash(flow: Flow): string {
  return createHash('sha256').update(canonical(flow)).digest('hex')
}

/** JSON with the keys of every object in code-unit order, as in RFC 8785. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}
