import { component, components } from './components.ts'
import { flowSchema } from './flow-schema.ts'
import { identity } from './identity.ts'
import type { JsonSchema } from './json-schema.ts'
import { WorkspaceDocument } from './schemas/workspace.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** Where the schema of this name is, on the server at `url`. Its `$id` is that of the product's home, the same on every server. */
export const schemaUrl = (url: string, name: string): string => `${url}/schemas/${name}.json`

/**
 * JSON Schema (2020-12) of everything that goes over the wire, by name: the components of the OpenAPI document, word for word, the
 * workspace document, and the flow file.
 */
export function schemaDocuments(): Record<string, JsonSchema> {
  const named = [...components, component(WorkspaceDocument, 'input')].map(({ name, json }) => [name, json] as const)
  return Object.fromEntries(
    [...named, ['flow', flowSchema] as const].map(([name, json]) => [
      name,
      { $schema: DIALECT, $id: schemaUrl(identity.home, name), title: name, ...json },
    ]),
  )
}
