import { stringify } from 'yaml'
import { openApiDocument } from '../openapi/document.ts'
import { once } from '../openapi/once.ts'
import { type Document, printedLate } from '../openapi/pages.ts'
import { schemaDocuments, schemaUrl } from '../openapi/schema-documents.ts'

/** The printed contract of a server at `url`: OpenAPI as JSON and YAML, each JSON Schema, and the list of them. */
export function contractDocuments(url: string, version: string): Document[] {
  const openApi = once(() => openApiDocument(url, version))
  const schemas = schemaDocuments()
  const index = Object.entries(schemas).map(([name, { description }]) => ({
    name,
    description,
    url: schemaUrl(url, name),
  }))
  return [
    json('/openapi.json', 'application/json', openApi),
    // RFC 9512. Repeated parts are written out: not every reader of YAML takes anchors.
    printedLate(
      { path: '/openapi.yaml', type: 'application/yaml' },
      once(() => stringify(openApi(), { aliasDuplicateObjects: false, lineWidth: 0 })),
    ),
    json('/schemas', 'application/json', () => ({ schemas: index })),
    ...Object.entries(schemas).map(([name, schema]) =>
      json(schemaUrl('', name), 'application/schema+json', () => schema),
    ),
  ]
}

const json = (path: string, type: string, document: () => object): Document =>
  printedLate(
    { path, type },
    once(() => JSON.stringify(document())),
  )
