import type { Document, LiveDocument } from '../openapi/pages.ts'
import { apiCatalog } from './api-catalog.ts'
import { apiIndex } from './api-index.ts'
import { robots, sitemap } from './crawlers.ts'
import { securityText } from './security.ts'
import { aiCatalog, serverCards } from './server-card.ts'
import { skillDocuments } from './skills.ts'

export interface Deployment {
  /** How the outside reaches this server, without a trailing slash. */
  url: string
  version: string
  /** Where to report a vulnerability: an https, mailto or tel URI; `security@` the host when not given (RFC 2142, section 4). */
  securityContact?: string | undefined
}

/** Every document by which machines find out what this server is. */
export const wellKnownDocuments = (deployment: Deployment): (Document | LiveDocument)[] => [
  robots(deployment.url),
  sitemap(deployment.url),
  apiIndex(deployment),
  apiCatalog(deployment.url),
  aiCatalog(deployment),
  ...serverCards(deployment),
  ...skillDocuments(deployment.url),
  securityText(deployment),
]
