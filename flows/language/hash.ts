import { createHash } from 'node:crypto'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import { printFlow } from './print.ts'

/** SHA-256 (hex) of what a flow means: of its canonical text, so that comments and spelling do not count. Equal hash, same version. */
export const contentHash = (flow: Flow): string => createHash('sha256').update(printFlow(flow)).digest('hex')
