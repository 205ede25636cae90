import { identity } from '../openapi/identity.ts'
import type { Document } from '../openapi/pages.ts'
import type { Deployment } from './documents.ts'
import { json } from './json.ts'

export const MCP_PATH = '/mcp'
export const CARD_PATH = `${MCP_PATH}/server-card`
export const CARD_TYPE = 'application/mcp-server-card+json'

/** The protocol revisions that `/mcp` speaks; a test asks it. */
const PROTOCOLS = ['2026-07-28', '2025-11-25']

/**
 * Where the MCP server is and how to connect, at the reserved place and at the one that scanners try. Tools are not in
 * it: they are listed by the server itself.
 * @see https://github.com/modelcontextprotocol/experimental-ext-server-card (SEP-2127, schema v1)
 */
export function serverCards({ url, version }: Pick<Deployment, 'url' | 'version'>): Document[] {
  const card = {
    $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
    name: identity.name,
    version,
    title: identity.title,
    description: identity.description,
    websiteUrl: `${url}/docs/mcp`,
    icons: [{ src: `${url}/favicon.svg`, mimeType: 'image/svg+xml', sizes: ['any'] }],
    remotes: [
      {
        type: 'streamable-http',
        url: `${url}${MCP_PATH}`,
        supportedProtocolVersions: PROTOCOLS,
        headers: [
          {
            name: 'Authorization',
            description: 'An API key: tk_test_… calls sandbox people, tk_live_… rings real phones.',
            value: 'Bearer {api_key}',
            isRequired: true,
            isSecret: true,
            variables: {
              api_key: { description: 'API key', placeholder: 'tk_test_…', isRequired: true, isSecret: true },
            },
          },
        ],
      },
    ],
  }
  return [CARD_PATH, '/.well-known/mcp/server-card.json'].map((path) => json(path, CARD_TYPE, card))
}

/**
 * What this host has for agents.
 * @see https://github.com/Agent-Card/ai-catalog (specVersion 1.0)
 */
export function aiCatalog({ url, version }: Pick<Deployment, 'url' | 'version'>): Document {
  const catalog = {
    specVersion: '1.0',
    host: { displayName: identity.title, documentationUrl: `${url}/docs` },
    entries: [
      {
        identifier: `urn:air:${new URL(url).hostname}:mcp:talkif`,
        displayName: identity.title,
        description: identity.description,
        type: CARD_TYPE,
        url: `${url}${CARD_PATH}`,
        version,
      },
    ],
  }
  return json('/.well-known/ai-catalog.json', 'application/ai-catalog+json', catalog)
}
