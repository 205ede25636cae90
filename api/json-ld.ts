import { html, raw } from 'hono/html'
import { identity } from '../openapi/identity.ts'

/**
 * What the landing page says to crawlers, as JSON-LD.
 * @see https://schema.org/WebAPI https://schema.org/SoftwareApplication
 */
export function structuredData(url: string, version: string) {
  const about = { name: identity.title, description: identity.description, url, license: identity.license }
  const graph = {
    '@context': 'https://schema.org',
    '@graph': [
      {
        '@type': 'WebAPI',
        '@id': `${url}/#api`,
        ...about,
        documentation: `${url}/docs`,
      },
      {
        '@type': 'SoftwareApplication',
        '@id': `${url}/#application`,
        ...about,
        applicationCategory: 'BusinessApplication',
        operatingSystem: 'Linux, macOS, Windows',
        softwareVersion: version,
      },
    ],
  }
  // No text in it may end the element (HTML, section 4.12.1.3).
  return html`<script type="application/ld+json">${raw(JSON.stringify(graph).replaceAll('<', '\\u003c'))}</script>`
}
