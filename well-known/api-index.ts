import { identity } from '../openapi/identity.ts'
import { snake } from '../openapi/operation.ts'
import { operationIds, operations } from '../openapi/operations.ts'
import { type Document, serviceLinks } from '../openapi/pages.ts'
import type { Deployment } from './documents.ts'
import { json } from './json.ts'
import { MCP_PATH } from './server-card.ts'

/** What `GET /v1` answers: the eight operations, and where to read on. */
export function apiIndex({ url, version }: Pick<Deployment, 'url' | 'version'>): Document {
  const index = {
    name: identity.title,
    description: identity.description,
    version,
    operations: operationIds.map((id) => ({
      operation_id: id,
      method: operations[id].method.toUpperCase(),
      url: `${url}${operations[id].path}`,
      mcp_tool: snake(id),
      summary: operations[id].summary,
    })),
    openapi_url: `${url}/openapi.json`,
    mcp_url: `${url}${MCP_PATH}`,
    docs_url: `${url}/docs`,
    llms_url: `${url}/llms.txt`,
  }
  return { ...json('/v1', 'application/json', index), headers: { link: serviceLinks(url) } }
}
