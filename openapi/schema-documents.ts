import { component, components } from './components.ts'
import { flowSchema } from './flow-schema.ts'
import { identity } from './identity.ts'
import { type JsonSchema, printSchema } from './json-schema.ts'
import { Simulation } from './schemas/persona.ts'
import { WorkspaceDocument } from './schemas/workspace.ts'
import { asWritten, workspaceSchema } from './workspace-schema.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** Where the schema of this name is, on the server at `url`. Its `$id` is that of the product's home, the same on every server. */
export const schemaUrl = (url: string, name: string): string => `${url}/schemas/${name}.json`

/**
 * JSON Schema (2020-12) of everything that goes over the wire, by name: the components of the OpenAPI document, word for word, the
 * workspace document, and the two files: of a flow, and `talkif.yaml`.
 */
export function schemaDocuments(): Record<string, JsonSchema> {
  const named = [...components, component(WorkspaceDocument, 'input')].map(({ name, json }) => [name, json] as const)
  const files = [['flow', flowSchema] as const, ['talkif', workspaceSchema] as const]
  return Object.fromEntries(
    [...named, ...files].map(([name, json]) => [
      name,
      { $schema: DIALECT, $id: schemaUrl(identity.home, name), title: name, ...json },
    ]),
  )
}

/** JSON Schema of a file of personas, for editors; it is of the command line and never goes over the wire. */
export const personaSchema = (): JsonSchema => ({
  $schema: DIALECT,
  title: 'persona',
  ...asWritten(printSchema(Simulation, 'input')),
})
