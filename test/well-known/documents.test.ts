import { describe, expect } from 'vitest'
import { allPages, docsPages, landing, twinOf } from '../../openapi/pages.ts'
import { problemCodes } from '../../openapi/schemas/problem.ts'
import { getAs, linksIn, type Site, test } from './site.ts'

const HTML = 'text/html; charset=utf-8'
const MARKDOWN = 'text/markdown; charset=utf-8'
const PLAIN = 'text/plain; charset=utf-8'
const CARD = 'application/mcp-server-card+json'

/** Every path that somebody may look at, and its media type. */
const types: Record<string, string> = {
  ...Object.fromEntries(
    allPages.flatMap((page) => [
      [page.path, HTML],
      [twinOf(page), MARKDOWN],
    ]),
  ),
  '/llms.txt': PLAIN,
  '/llms-full.txt': PLAIN,
  '/robots.txt': PLAIN,
  '/sitemap.xml': 'application/xml; charset=utf-8',
  '/favicon.svg': 'image/svg+xml',
  '/v1': 'application/json',
  '/openapi.json': 'application/json',
  '/openapi.yaml': 'application/yaml',
  '/schemas': 'application/json',
  '/.well-known/api-catalog': 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"',
  '/.well-known/ai-catalog.json': 'application/ai-catalog+json',
  '/.well-known/mcp/server-card.json': CARD,
  '/mcp/server-card': CARD,
  '/.well-known/agent-skills/index.json': 'application/json',
  '/.well-known/agent-skills/call-a-lead/SKILL.md': MARKDOWN,
  '/.well-known/agent-skills/write-a-flow/SKILL.md': MARKDOWN,
  '/.well-known/security.txt': PLAIN,
  '/docs/assets/explorer.js': 'text/javascript; charset=utf-8',
}

describe('every document', () => {
  test.for(Object.entries(types))('%s is %s', async ([path, type], { site }) => {
    const response = await site.get(path)
    const text = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
    expect(text.trim()).not.toBe('')
    expect(text, 'a part was not printed').not.toMatch(/\{\{|undefined|\[object Object\]/)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toMatch(/^public, /)
    if (type.includes('json')) expect(JSON.parse(text)).toBeTypeOf('object')

    const etag = response.headers.get('etag')!
    expect(etag).toMatch(/^"[\w-]+"$/)
    const known = await site.get(path, { 'if-none-match': `W/"other", ${etag}` })
    expect([known.status, await known.text(), known.headers.get('etag')]).toEqual([304, '', etag])
    expect((await site.get(path, { 'if-none-match': '"other"' })).status).toBe(200)

    const head = await site.get(path, {}, 'HEAD')
    expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([200, '', etag])
    for (const name of ['content-type', 'content-length', 'link', 'vary', 'cache-control'])
      expect(head.headers.get(name), name).toBe(response.headers.get(name))

    const options = await site.get(path, { origin: 'https://elsewhere.example' }, 'OPTIONS')
    expect([options.status, options.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(options.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS')
  })

  test.for([
    '/.well-known/',
    '/.well-known/ai-plugin.json',
    '/.well-known/agents.json',
    '/.well-known/agent-card.json',
    '/.well-known/mcp.json',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-protected-resource',
    '/.well-known/agent-skills/',
    '/.well-known/agent-skills/no-such-skill/SKILL.md',
    '/.well-known/agent-skills/call-a-lead/..%2f..%2fskills.ts',
    '/docs/no-such-page',
    '/docs/decisions',
    '/docs/decisions.md',
    '/docs/quickstart/',
    '/docs/problems/no_such_code.md',
    '/docs/assets/scalar.js',
    '/constructor.md',
  ])('%s is a real 404', async (path, { site }) => {
    const response = await site.get(path)
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  })

  test('a document is only read', async ({ site }) => {
    for (const method of ['POST', 'PUT', 'DELETE'])
      for (const path of ['/', '/llms.txt', '/.well-known/api-catalog'])
        expect((await site.get(path, {}, method)).status, `${method} ${path}`).toBe(405)
  })
})

describe('a page is HTML or Markdown', () => {
  const chrome = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'
  test.for([
    [undefined, HTML],
    ['*/*', HTML],
    [chrome, HTML],
    ['text/markdown', MARKDOWN],
    ['TEXT/MARKDOWN', MARKDOWN],
    ['text/markdown, */*', MARKDOWN],
    ['text/markdown, text/html;q=0.9, */*;q=0.8', MARKDOWN],
    ['text/html, text/markdown', HTML],
    ['text/markdown, text/html', MARKDOWN],
    ['text/html;q=0.5, text/markdown;q=0.6', MARKDOWN],
    ['text/markdown;q=0.5, text/html', HTML],
    ['text/markdown;q=0', HTML],
    ['text/markdown;q=0, text/html;q=0.1', HTML],
    ['text/*', HTML],
    ['application/json', HTML],
    ['text/markdown; charset=utf-8', MARKDOWN],
    ['nonsense;;;q=x', HTML],
    // A range counts for what no closer one names, whatever their order.
    ['text/markdown;q=0.1, */*', HTML],
    ['*/*, text/markdown;q=0.1', HTML],
    ['text/markdown;q=0.1, text/*', HTML],
    ['text/html;q=0, */*', MARKDOWN],
    ['*/*, text/html;q=0', MARKDOWN],
    ['text/html;q=0, text/*;q=0.1', MARKDOWN],
    ['text/html;q=0.2, text/*;q=0.1, */*', HTML],
    ['text/html;q=0.2, */*;q=0.9', MARKDOWN],
    ['text/*;q=0.1, */*', HTML],
    ['text/html;q=0, text/markdown;q=0', HTML],
  ] as const)('Accept: %s → %s', async ([accept, type], { site }) => {
    for (const page of [landing, docsPages[0]!]) {
      const response = await site.get(page.path, accept === undefined ? {} : { accept })
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
      expect(response.headers.get('vary')).toBe('accept')
      const twin = await (await site.get(twinOf(page))).text()
      if (type === HTML)
        expect(response.headers.get('link')).toContain(`${twinOf(page)}>; rel="alternate"; type="text/markdown"`)
      else {
        expect(response.headers.get('content-location')).toBe(twinOf(page))
        expect(await response.text()).toBe(twin)
      }
    }
  })

  test('the two have ETags of their own', async ({ site }) => {
    const html = (await site.get('/docs/flows')).headers.get('etag')!
    const wanted = { accept: 'text/markdown', 'if-none-match': html }
    expect((await site.get('/docs/flows', wanted)).status).toBe(200)
    expect((await site.get('/docs/flows', { 'if-none-match': html })).status).toBe(304)
  })

  test('every page names its twin and its own address', async ({ site }) => {
    for (const page of allPages) {
      const html = await (await site.get(page.path)).text()
      expect(html).toContain(`<link rel="alternate" type="text/markdown" href="${twinOf(page)}">`)
      expect(html).toContain(`<link rel="canonical" href="${site.served.url}${page.path}">`)
      expect(html).toContain('<html lang="en">')
      expect(html.match(/<h1[ >]/g), page.path).toHaveLength(1)
      const twin = await site.get(twinOf(page))
      expect(twin.headers.get('link')).toContain(`<${site.served.url}${page.path}>; rel="canonical"`)
      expect(await twin.text()).toMatch(/^# \S/)
    }
  })
})

describe('a page that is not there', () => {
  const chrome = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'
  test.for(['/docs/typo', '/nothing', '/v1/nothing'])('%s is a page for browsers', async (path, { site }) => {
    const response = await site.get(path, { accept: chrome })
    const text = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([404, HTML])
    expect(response.headers.get('vary')).toBe('accept')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(text).toContain('<h1>Page not found</h1>')
    expect(text).not.toMatch(/rel="(canonical|alternate)"/)
    const links = linksIn(HTML, text).filter((link) => link.startsWith('/'))
    expect(links).toEqual(expect.arrayContaining(['/docs/quickstart', '/docs/reference', '/docs/problems']))
    for (const link of links) expect([link, (await site.get(link)).status]).toEqual([link, 200])
    const head = await site.get(path, { accept: chrome }, 'HEAD')
    expect([head.status, await head.text()]).toEqual([404, ''])
  })

  test.for([
    ['/docs/typo', '*/*'],
    ['/docs/typo', 'application/json'],
    ['/docs/typo', 'application/problem+json, text/html'],
    ['/docs/typo', 'application/json, text/html;q=0.9'],
    ['/docs/typo', 'text/markdown'],
    ['/docs/typo.png', 'image/avif,image/webp,image/*,*/*;q=0.8'],
    ['/.well-known/nothing', chrome],
  ] as const)('%s is a problem for Accept: %s', async ([path, accept], { site }) => {
    const response = await site.get(path, { accept })
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
    expect(await response.json()).toMatchObject({ code: 'not_found' })
  })

  test('nor is anything that is posted to it', async ({ site }) => {
    const response = await site.get('/docs/typo', { accept: chrome }, 'POST')
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  })
})

test('a problem that nothing answers yet says so, and no other does', async ({ site }) => {
  const saying: string[] = []
  for (const code of problemCodes) {
    const text = await (await site.get(`/docs/problems/${code}.md`)).text()
    if (text.includes('no operation answers it')) saying.push(code)
  }
  expect(saying).toEqual(['quota_exceeded', 'rate_limited'])
})

describe('links', () => {
  /** Status and ids of whatever was linked to, each asked once. */
  const visited = new Map<string, Promise<{ status: number; text: string }>>()
  const visit = (site: Site, url: URL) => {
    const address = `${url.origin}${url.pathname}`
    if (!visited.has(address)) {
      const answer = site
        .get(address)
        .then(async (response) => ({ status: response.status, text: await response.text() }))
      visited.set(address, answer)
    }
    return visited.get(address)!
  }

  test.for(Object.keys(types))('all of %s lead somewhere', async (path, { site }) => {
    const text = await (await site.get(path)).text()
    const isExample = (url: URL) => url.hostname.endsWith('.example') || url.pathname.includes('{')
    const foreign = new Set<string>()
    for (const link of linksIn(types[path]!, text)) {
      const url = new URL(link.replaceAll('&amp;', '&'), new URL(path, site.served.url))
      if (url.origin !== site.served.url) {
        if (url.protocol !== 'data:' && !isExample(url)) foreign.add(url.origin)
        continue
      }
      // Agents post to these; documents name them as what they are.
      if (url.pathname === '/mcp' || url.pathname.startsWith('/v1/') || isExample(url)) continue
      const { status, text: target } = await visit(site, url)
      expect([link, status]).toEqual([link, 200])
      if (url.hash) expect(target, link).toContain(`id="${decodeURIComponent(url.hash.slice(1))}"`)
    }
    for (const origin of foreign) expect(origin).toMatch(/^https:\/\//)
  })

  test('the sitemap has every page, and the entrances have Link headers', async ({ site }) => {
    const sitemap = await (await site.get('/sitemap.xml')).text()
    expect(linksIn('application/xml', sitemap)).toEqual(allPages.map(({ path }) => `${site.served.url}${path}`))
    for (const path of ['/', '/v1', '/.well-known/api-catalog']) {
      const link = (await site.get(path)).headers.get('link')!
      for (const [rel, target] of [
        ['service-desc', '/openapi.json'],
        ['service-doc', '/docs'],
        ['api-catalog', '/.well-known/api-catalog'],
      ])
        expect(link).toMatch(new RegExp(`<${site.served.url}${target}>; rel="${rel}"`))
    }
  })

  test('a type that is said beside a link is the type that is served', async ({ site }) => {
    const catalog = (await (await site.get('/.well-known/api-catalog')).json()) as {
      linkset: Record<string, { href: string; type?: string }[]>[]
    }
    const hints = catalog.linkset.flatMap((context) => Object.values(context).filter(Array.isArray).flat())
    const typed = hints.filter(({ type }) => type !== undefined)
    expect(typed.length).toBeGreaterThanOrEqual(7)
    for (const { href, type } of typed) {
      const served = (await site.get(href)).headers.get('content-type')!
      expect([href, served.split(';')[0]]).toEqual([href, type])
    }
  })
})

describe('the visitor’s own host', () => {
  test('is shown for names of this machine, and no other name is believed', async ({ site }) => {
    const { url } = site.served
    const { port } = new URL(url)
    for (const path of ['/', '/index.md']) {
      const usual = await getAs(`${url}${path}`, new URL(url).host)
      for (const host of [`localhost:${port}`, 'localhost:9999', '127.0.0.1:1', '[::1]:8080']) {
        const { text, etag, link } = await getAs(`${url}${path}`, host)
        expect(text).toContain(`curl -X POST http://${host}/v1/leads`)
        expect(etag).not.toBe(usual.etag)
        // One host everywhere: in text, in examples, in headers.
        expect(link).toContain(`<http://${host}/`)
        expect(`${text} ${link}`).not.toContain(`${url}/`)
        expect(text).toContain(`http://${host}/artifacts/`)
        expect(text).not.toContain('talkif.example')
      }
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', `evil.example:${port}`])
        expect(await getAs(`${url}${path}`, host)).toEqual(usual)
    }
  })
})
