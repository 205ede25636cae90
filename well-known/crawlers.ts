import { allPages, type Document } from '../openapi/pages.ts'

/** What crawlers may do: read everything that is meant for reading, and use it (https://contentsignals.org). */
export const robots = (url: string): Document => ({
  path: '/robots.txt',
  type: 'text/plain; charset=utf-8',
  text: `User-agent: *
Content-Signal: search=yes, ai-input=yes, ai-train=yes
Allow: /
Disallow: /artifacts/
Disallow: /carrier/
Disallow: /workspace

Sitemap: ${url}/sitemap.xml
`,
})

/** Every page for people (https://www.sitemaps.org/protocol.html). */
export const sitemap = (url: string): Document => ({
  path: '/sitemap.xml',
  type: 'application/xml; charset=utf-8',
  text: `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${allPages.map(({ path }) => `  <url><loc>${escaped(`${url}${path}`)}</loc></url>`).join('\n')}
</urlset>
`,
})

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
