import { type Document, serviceLinks } from '../openapi/pages.ts'
import { json } from './json.ts'
import { CARD_PATH, CARD_TYPE, MCP_PATH } from './server-card.ts'

/**
 * The APIs of this server as a linkset (RFC 9727, RFC 9264). Its Link header names them too, for those who send HEAD
 * (RFC 9727, section 2).
 */
export function apiCatalog(url: string): Document {
  const path = '/.well-known/api-catalog'
  const type = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
  const apis = [`${url}/v1`, `${url}${MCP_PATH}`]
  const linkset = [
    { anchor: `${url}${path}`, item: apis.map((href) => ({ href })) },
    {
      anchor: apis[0],
      'service-desc': [
        { href: `${url}/openapi.json`, type: 'application/json' },
        { href: `${url}/openapi.yaml`, type: 'application/yaml' },
      ],
      'service-doc': [
        { href: `${url}/docs`, type: 'text/html' },
        { href: `${url}/docs/reference.md`, type: 'text/markdown' },
      ],
      'service-meta': [{ href: `${url}/llms.txt`, type: 'text/plain' }],
      status: [{ href: `${url}/healthz`, type: 'application/json' }],
    },
    {
      anchor: apis[1],
      'service-desc': [{ href: `${url}${CARD_PATH}`, type: CARD_TYPE }],
      'service-doc': [{ href: `${url}/docs/mcp`, type: 'text/html' }],
    },
  ]
  const items = apis.map((href) => `<${href}>; rel="item"`)
  return { ...json(path, type, { linkset }), headers: { link: [serviceLinks(url), ...items].join(', ') } }
}
