import { writeFileSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }
import { openApiDocument } from './document.ts'
import { registryEntry } from './registry.ts'
import { personaSchema, schemaDocuments } from './schema-documents.ts'

/** Where the committed documents say the server is: the one that `npm start` starts. */
const SERVER_URL = 'http://127.0.0.1:8787'

/** The files that are printed and committed, as they should be, so that every change of the surface shows in review. */
export const printedFiles = (): { file: URL; text: string }[] => [
  { file: new URL('./openapi.json', import.meta.url), text: json(openApiDocument(SERVER_URL, packageJson.version)) },
  { file: new URL('../flows/flow.schema.json', import.meta.url), text: json(schemaDocuments().flow) },
  { file: new URL('../flows/talkif.schema.json', import.meta.url), text: json(schemaDocuments().talkif) },
  { file: new URL('../flows/persona.schema.json', import.meta.url), text: json(personaSchema()) },
  { file: new URL('../server.json', import.meta.url), text: json(registryEntry(packageJson.version)) },
]

const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`

// `npm run print`
if (import.meta.main) for (const { file, text } of printedFiles()) writeFileSync(file, text)
