import { writeFileSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }
import { openApiDocument } from './document.ts'

/** Where the committed document says the server is: the one that `npm start` starts. */
const SERVER_URL = 'http://127.0.0.1:8787'

/** `openapi/openapi.json` as it should be committed. */
export const printed = (): string => `${JSON.stringify(openApiDocument(SERVER_URL, packageJson.version), null, 2)}\n`

export const printedFile = new URL('./openapi.json', import.meta.url)

// `npm run print`
if (import.meta.main) writeFileSync(printedFile, printed())
