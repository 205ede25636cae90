import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { parse } from 'yaml'
import { docsDocuments } from '../../api/docs.ts'
import { identity } from '../../openapi/identity.ts'
import { snake } from '../../openapi/operation.ts'
import { operationIds, operations } from '../../openapi/operations.ts'
import { docsPages, twinOf } from '../../openapi/pages.ts'
import { fill } from '../../openapi/parts.ts'
import { registryEntry } from '../../openapi/registry.ts'
import { version } from '../../runtime/version.ts'
import { wellKnownDocuments } from '../../well-known/documents.ts'
import { type Site, test } from './site.ts'

const DAY_MS = 86_400_000

const textOf = async (site: Site, path: string) => (await site.get(path)).text()
// biome-ignore lint/suspicious/noExplicitAny: documents of others' formats, looked into field by field
const jsonOf = async (site: Site, path: string): Promise<any> => (await site.get(path)).json()

describe('llms.txt', () => {
  test('is of the format: H1, blockquote, prose without headings, lists of links', async ({ site }) => {
    const lines = (await textOf(site, '/llms.txt')).trimEnd().split('\n')
    expect(lines[0]).toBe(`# ${identity.title}`)
    const quote = lines.findIndex((line) => line.startsWith('> '))
    const first = lines.findIndex((line) => line.startsWith('## '))
    expect(lines.slice(1, quote).join('')).toBe('')
    expect(lines.slice(quote, first).some((line) => line.startsWith('#'))).toBe(false)
    const sections = Map.groupBy(lines.slice(first).filter(Boolean), sectionOf())
    expect([...sections.keys()]).toEqual(['## Docs', '## Machine-readable', '## Optional'])
    for (const [heading, [, ...links]] of sections) {
      expect(links.length, heading).toBeGreaterThan(0)
      for (const link of links) expect(link).toMatch(/^- \[[^\]]+\]\(https?:\/\/[^)\s]+\): \S.*[.)]$/)
    }
    expect(sections.get('## Docs')!.slice(1)).toHaveLength(docsPages.length)
  })

  test('the long one holds every page whole', async ({ site }) => {
    const all = await textOf(site, '/llms-full.txt')
    for (const page of docsPages) expect(all).toContain((await textOf(site, twinOf(page))).trimEnd())
    for (const id of operationIds) expect(all).toContain(`\n## ${id}\n`)
  })
})

/** Says of each line which heading it stands under. */
function sectionOf(): (line: string) => string {
  let heading = ''
  return (line) => {
    if (line.startsWith('## ')) heading = line
    return heading
  }
}

test('robots.txt lets everybody read and says where the pages are', async ({ site }) => {
  const lines = (await textOf(site, '/robots.txt')).split('\n')
  expect(lines.slice(0, 3)).toEqual([
    'User-agent: *',
    'Content-Signal: search=yes, ai-input=yes, ai-train=yes',
    'Allow: /',
  ])
  expect(lines).toContain(`Sitemap: ${site.served.url}/sitemap.xml`)
})

test('GET /v1 lists the eight operations', async ({ site }) => {
  const index = await jsonOf(site, '/v1')
  expect(index.operations).toEqual(
    operationIds.map((id) => ({
      operation_id: id,
      method: operations[id].method.toUpperCase(),
      url: `${site.served.url}${operations[id].path}`,
      mcp_tool: snake(id),
      summary: operations[id].summary,
    })),
  )
})

test('the API catalog is a linkset of both APIs, whose items stand in its Link header too', async ({ site }) => {
  const { url } = site.served
  const { linkset } = await jsonOf(site, '/.well-known/api-catalog')
  const [catalog, ...apis] = linkset
  expect(catalog.anchor).toBe(`${url}/.well-known/api-catalog`)
  expect(catalog.item).toEqual([{ href: `${url}/v1` }, { href: `${url}/mcp` }])
  expect(apis.map(({ anchor }: { anchor: string }) => anchor)).toEqual([`${url}/v1`, `${url}/mcp`])
  const { headers } = await site.get('/.well-known/api-catalog', {}, 'HEAD')
  for (const { href } of catalog.item) expect(headers.get('link')).toContain(`<${href}>; rel="item"`)
})

describe('agents find the MCP server', () => {
  test('by the catalog, whose entry is its card', async ({ site }) => {
    const catalog = await jsonOf(site, '/.well-known/ai-catalog.json')
    expect(catalog.specVersion).toMatch(/^\d+\.\d+$/)
    expect(catalog.entries).toHaveLength(1)
    const [entry] = catalog.entries
    expect(entry.identifier).toMatch(/^urn:air:[\w.-]+:mcp:talkif$/)
    const card = await site.get(entry.url, { accept: entry.type })
    expect(card.headers.get('content-type')).toBe(entry.type)
    expect(await card.json()).toMatchObject({ title: entry.displayName, version: entry.version })
  })

  test('its card keeps the bounds of its schema, and says nothing of tools', async ({ site }) => {
    const card = await jsonOf(site, '/mcp/server-card')
    expect(card).toEqual(await jsonOf(site, '/.well-known/mcp/server-card.json'))
    expect(card.$schema).toBe('https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json')
    expectNamed(card)
    for (const name of ['tools', 'resources', 'prompts', 'packages', 'capabilities'])
      expect(card).not.toHaveProperty(name)
    expect(card.remotes).toHaveLength(1)
    expect(card.remotes[0].url).toBe(`${site.served.url}/mcp`)
    // What stands in braces in the header's value is described.
    const [{ value, variables }] = card.remotes[0].headers
    expect([...value.matchAll(/\{(\w+)\}/g)].map((match) => match[1])).toEqual(Object.keys(variables))
  })

  test('what the card says of the protocol is what the server answers', async ({ site }) => {
    const [remote] = (await jsonOf(site, '/mcp/server-card')).remotes
    const [newest] = remote.supportedProtocolVersions
    const ask = (method: string, params: object, headers: Record<string, string>) =>
      fetch(remote.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': newest,
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const modern = { 'mcp-protocol-version': newest, 'mcp-method': 'server/discover' }
    const discovered = await resultOf(await ask('server/discover', { _meta }, modern))
    expect(discovered.supportedVersions).toContain(newest)
    const [, older] = remote.supportedProtocolVersions
    const initialize = { protocolVersion: older, capabilities: {}, clientInfo: { name: 'test', version: '1' } }
    const initialized = await resultOf(await ask('initialize', initialize, {}))
    expect(initialized.protocolVersion).toBe(older)
    expect(initialized.serverInfo.version).toBe((await jsonOf(site, '/mcp/server-card')).version)
  })

  test('the registry’s entry starts the command that exists', () => {
    const entry = registryEntry(version)
    expectNamed(entry)
    const [npm] = entry.packages
    expect([npm!.identifier, npm!.version, npm!.packageArguments[0]!.value]).toEqual(['talkif', version, 'mcp'])
  })
})

/** The result of a JSON-RPC answer, sent as JSON or as one event. */
// biome-ignore lint/suspicious/noExplicitAny: a message of the protocol
async function resultOf(response: Response): Promise<any> {
  const text = await response.text()
  const message = JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text)
  expect(message.error).toBeUndefined()
  return message.result
}

function expectNamed(it: { name: string; title: string; description: string; version: string }): void {
  expect(it.name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
  expect(it.title.length).toBeLessThanOrEqual(100)
  expect(it.description.length).toBeLessThanOrEqual(100)
  expect(it.version).toMatch(/^\d+\.\d+\.\d+$/)
}

test('each skill is what its digest says, and has the head that agents read', async ({ site }) => {
  const index = await jsonOf(site, '/.well-known/agent-skills/index.json')
  expect(index.$schema).toBe('https://schemas.agentskills.io/discovery/0.2.0/schema.json')
  expect(index.skills).toHaveLength(2)
  for (const skill of index.skills) {
    const bytes = Buffer.from(await (await site.get(skill.url)).arrayBuffer())
    expect(skill.digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    const [, head] = bytes.toString().split('---\n')
    expect(parse(head!)).toEqual({ name: skill.name, description: skill.description })
    expect(skill.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect(skill.description.length).toBeLessThanOrEqual(1024)
    expect([skill.type, new URL(skill.url).pathname]).toEqual([
      'skill-md',
      `/.well-known/agent-skills/${skill.name}/SKILL.md`,
    ])
  }
})

describe('security.txt', () => {
  const fieldsOf = (text: string) =>
    new Map(
      text
        .trimEnd()
        .split('\n')
        .map((line): [string, string] => [line.split(': ')[0]!, line.split(': ')[1]!]),
    )

  test('expires ahead whenever it is read', async ({ site }) => {
    let now = Date.now()
    let before = ''
    for (const days of [0, 1, 200, 4000]) {
      site.pass(days)
      now += days * DAY_MS
      const response = await site.get('/.well-known/security.txt')
      const fields = fieldsOf(await response.text())
      expect([...fields.keys()]).toEqual(['Contact', 'Expires', 'Preferred-Languages', 'Canonical'])
      const ahead = (Date.parse(fields.get('Expires')!) - now) / DAY_MS
      expect(ahead).toBeGreaterThan(178)
      expect(ahead).toBeLessThan(366)
      expect(response.headers.get('etag')).not.toBe(before)
      before = response.headers.get('etag')!
    }
  })

  test('names the configured contact, else the mailbox that every host should have', () => {
    const contactOf = (securityContact?: string) => {
      const documents = wellKnownDocuments({ url: 'https://talkif.example', version, securityContact })
      const document = documents.find(({ path }) => path.endsWith('/security.txt'))
      if (!document || !('print' in document)) throw new Error('security.txt is not printed for each request')
      return fieldsOf(document.print({ now: 0, url: '' }).text).get('Contact')
    }
    expect(contactOf()).toBe('mailto:security@talkif.example')
    expect(contactOf('https://talkif.example/report')).toBe('https://talkif.example/report')
  })
})

describe('JSON-LD', () => {
  const scriptIn = (html: string) => /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(html)![1]!

  test('tells crawlers what this is, and offers no action', async ({ site }) => {
    const data = JSON.parse(scriptIn(await textOf(site, '/')))
    expect(data['@graph'].map((it: { '@type': string }) => it['@type'])).toEqual(['WebAPI', 'SoftwareApplication'])
    expect(JSON.stringify(data)).not.toContain('Action')
  })

  test('cannot end its element', () => {
    const [page] = docsDocuments('https://talkif.example', '</script><b>')
    if (!page || !('print' in page)) throw new Error('the landing page comes first')
    const { text: html } = page.print({ now: 0, url: 'https://talkif.example' })
    expect(JSON.parse(scriptIn(html))['@graph'][1].softwareVersion).toBe('</script><b>')
  })
})

describe('a public address', () => {
  test('is the only one in every document', () => {
    const url = 'https://calls.talkif.example'
    const documents = [...docsDocuments(url, version), ...wellKnownDocuments({ url, version })]
    for (const document of documents) {
      const { text } = 'text' in document ? document : document.print({ now: 0, url })
      // What may stand in a guide about running it oneself.
      const known = text.replaceAll('http://127.0.0.1:$PORT', '').replaceAll('http://127.0.0.1:8787', '')
      expect(known, document.path).not.toMatch(/127\.0\.0\.1:|localhost:/)
    }
  })
})

test('a guide that names an unknown part does not start the server', () => {
  expect(() => fill('{{no-such-part}}', {})).toThrow('there is no printed part {{no-such-part}}')
  expect(fill('{{a}} and {b}', { a: '$&' })).toBe('$& and {b}')
})
