import type { LiveDocument } from '../openapi/pages.ts'
import type { Deployment } from './documents.ts'

const PATH = '/.well-known/security.txt'
const DAY_MS = 86_400_000
/** RFC 9116, section 2.5.5 recommends less than a year. */
const VALID_DAYS = 180

/** Where to report a vulnerability (RFC 9116). It expires half a year after the day it is read: as long as we answer, it holds. */
export const securityText = ({ url, securityContact }: Deployment): LiveDocument => ({
  path: PATH,
  type: 'text/plain; charset=utf-8',
  // To the day, so that its ETag holds as long.
  print({ now }) {
    const expires = new Date((Math.floor(now / DAY_MS) + VALID_DAYS) * DAY_MS)
    const text = `Contact: ${securityContact ?? `mailto:security@${new URL(url).hostname}`}
Expires: ${expires.toISOString()}
Preferred-Languages: en
Canonical: ${url}${PATH}
`
    return { text }
  },
})
