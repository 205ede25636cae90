import { stringify } from 'yaml'
import { openApiDocument } from '../openapi/document.ts'
import type { Document } from '../openapi/pages.ts'
import { schemaDocuments, schemaUrl } from '../openapi/schema-documents.ts'

/** The printed contract of a server at `url`: OpenAPI as JSON and YAML, each JSON Schema, and the list of them. */
export function contractDocuments(url: string, version: string): Document[] {
  const openApi = openApiDocument(url, version)
  const schemas = schemaDocuments()
  const index = Object.entries(schemas).map(([name, { description }]) => ({
    name,
    description,
    url: schemaUrl(url, name),
  }))
  return [
    json('/openapi.json', 'application/json', openApi),
    // RFC 9512. Repeated parts are written out: not every reader of YAML takes anchors.
    {
      path: '/openapi.yaml',
      type: 'application/yaml',
      text: stringify(openApi, { aliasDuplicateObjects: false, lineWidth: 0 }),
    },
    json('/schemas', 'application/json', { schemas: index }),
    ...Object.entries(schemas).map(([name, schema]) => json(schemaUrl('', name), 'application/schema+json', schema)),
  ]
}

const json = (path: string, type: string, document: object): Document => ({
  path,
  type,
  text: JSON.stringify(document),
})
