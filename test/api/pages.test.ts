import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright, type Response } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { explorerDocuments } from '../../api/explorer.ts'
import { eventNames } from '../../openapi/events.ts'
import { type OperationId, operationIds, operations } from '../../openapi/operations.ts'
import { allPages, tryIt, twinOf } from '../../openapi/pages.ts'
import { problemCodes } from '../../openapi/schemas/problem.ts'
import { test } from '../harness/talkif.ts'

let browser: Browser

beforeAll(async () => {
  const executablePath = await chromium.executablePath()
  // In one process it ends with its first page; and it is to keep the rules of the web.
  const args = chromium.args.filter((arg) => !['--single-process', '--disable-web-security'].includes(arg))
  browser = await playwright.launch({ executablePath, args })
})

afterAll(() => browser?.close())

const desktop = { width: 1280, height: 900 }
const phone = { width: 390, height: 844 }

/** A page that keeps account of whatever a visitor should not meet: errors, answers that fail, requests to anybody else. */
async function watchedPage(url: string) {
  const page = await browser.newPage({ viewport: phone })
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()))
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`))
  page.on('request', (request) => {
    if (/^https?:|^wss?:/.test(request.url()) && !request.url().startsWith(`${url}/`)) faults.push(request.url())
  })
  const fits = () => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
  return { page, faults, fits }
}

/** Tables of which a part lies outside of the frame. */
const cutTables = `[...document.querySelectorAll('.table')].filter((it) => it.scrollWidth > it.clientWidth).length`

describe('in a browser', () => {
  test('every page fits desktop and phone, without an error or a request to anybody else', async ({ talkif }) => {
    const { page, faults, fits } = await watchedPage(talkif.url)
    for (const it of allPages.filter((one) => one !== tryIt)) {
      await page.goto(`${talkif.url}${it.path}`)
      for (const size of [phone, desktop]) {
        await page.setViewportSize(size)
        expect([it.path, size.width, await fits()]).toEqual([it.path, size.width, true])
        if (size === phone) expect([it.path, await page.evaluate(cutTables)]).toEqual([it.path, 0])
      }
      expect(await page.title()).toContain('Talkif')
      expect(await page.getByRole('main').getByRole('heading', { level: 1 }).count()).toBe(1)
      expect(await page.getByRole('banner').count()).toBe(1)
    }
    expect(faults).toEqual([])
    await page.close()
  })

  test('the landing page shows the request with the visitor’s own host, and leads to every problem', async ({
    talkif,
  }) => {
    const { page, faults } = await watchedPage(talkif.url)
    await page.goto(talkif.url)
    expect(await page.locator('h1').innerText()).toBe('Wire a lead event, Talkif dials it.')
    expect(await page.locator('pre').first().innerText()).toContain(`curl -X POST ${talkif.url}/v1/leads`)
    // The first stop of the keyboard leads past the navigation.
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe('#content')

    await page.getByRole('link', { name: 'problem', exact: true }).click()
    const links = page.locator('td a')
    expect(await links.allInnerTexts()).toEqual(problemCodes)
    await links.filter({ hasText: 'consent_required' }).click()
    expect(await page.locator('h1').innerText()).toBe('Consent is required')
    await page.getByRole('navigation', { name: 'Docs' }).getByRole('link', { name: 'Webhooks' }).click()
    expect(new URL(page.url()).pathname).toBe('/docs/webhooks')
    expect(await page.locator('nav[aria-label=Docs] [aria-current=page]').innerText()).toBe('Webhooks')
    expect(faults).toEqual([])
    await page.close()
  })

  test('dark pages are as readable as light ones', async ({ talkif }) => {
    const { page } = await watchedPage(talkif.url)
    await page.goto(`${talkif.url}/docs/flows`)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const selector of ['h1', 'main p', 'main a', 'th', 'pre code', 'nav[aria-label=Docs] a', 'footer a'])
        expect(
          await page.evaluate(`(${contrast})(document.querySelector('${selector}'))`),
          `${colorScheme} ${selector}`,
        ).toBeGreaterThan(4.5)
    }
    await page.close()
  })
})

/** WCAG 2.2, "contrast ratio": of an element's text to what lies behind it. Runs in the page. */
const contrast = `(element) => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((value) => {
      const c = value / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  let behind = element
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
  const text = luminance(getComputedStyle(element).color)
  const paper = luminance(getComputedStyle(behind).backgroundColor)
  return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05)
}`

async function openForm(page: Page, id: OperationId): Promise<void> {
  const { method, path, summary } = operations[id]
  await page.getByLabel('Sidebar for Talkif').getByText(summary).first().click()
  await page.getByRole('button', { name: new RegExp(`Test Request.*${method} ${path}`, 's') }).click()
}

async function send(page: Page): Promise<Response> {
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname.startsWith('/v1/'))
  await page.getByRole('button', { name: /^Send/ }).first().click()
  return answered
}

describe('the explorer', () => {
  test('shows the eight operations, and a request carries the key of the link and nothing unasked', async ({
    talkif,
  }) => {
    const { page, faults, fits } = await watchedPage(talkif.url)
    await page.setViewportSize(desktop)
    await page.goto(`${talkif.url}${tryIt.path}?key=${talkif.key}`)
    const sidebar = page.getByLabel('Sidebar for Talkif')
    for (const id of operationIds) await sidebar.getByText(operations[id].summary).first().waitFor()
    for (const name of eventNames) await sidebar.getByText(name, { exact: true }).first().waitFor()
    expect(new URL(page.url()).search).toBe('')
    expect(await fits()).toBe(true)

    await openForm(page, 'listNumbers')
    const answer = await send(page)
    expect([answer.status(), answer.url()]).toEqual([200, `${talkif.url}/v1/numbers`])
    expect(await answer.request().allHeaders()).not.toHaveProperty('if-none-match')

    await page.setViewportSize(phone)
    expect(await fits()).toBe(true)
    expect(faults).toEqual([])
    await page.close()
  })

  test('sends again what is sent again: two leads, not one replayed; and to the host it was opened at', async ({
    talkif,
  }) => {
    const own = talkif.url.replace('127.0.0.1', 'localhost')
    const { page, faults } = await watchedPage(own)
    await page.setViewportSize(desktop)
    await page.goto(`${own}${tryIt.path}?key=${talkif.key}`)
    await openForm(page, 'createLead')
    const sent: { status: number; call_id: string; replayed: string | null }[] = []
    for (const _ of ['once', 'twice']) {
      const answer = await send(page)
      expect(answer.url()).toBe(`${own}/v1/leads`)
      const { call_id } = (await answer.json()) as { call_id: string }
      sent.push({ status: answer.status(), call_id, replayed: await answer.headerValue('idempotency-replayed') })
      await talkif.idle()
    }
    expect(sent).toMatchObject(sent.map(() => ({ status: 202, replayed: null })))
    expect(sent[0]!.call_id).not.toBe(sent[1]!.call_id)
    expect(faults).toEqual([])
    await page.close()
  })

  test('its script comes compressed or not, and may be kept for ever', async ({ talkif }) => {
    const html = await (await talkif.fetch(tryIt.path)).text()
    const [, path] = /src="(\/docs\/assets\/scalar-[\d.]+\.js)"/.exec(html)!
    const plain = await fetch(`${talkif.url}${path}`, { headers: { 'accept-encoding': 'identity' } })
    const zipped = await fetch(`${talkif.url}${path}`, { headers: { 'accept-encoding': 'br, gzip' } })
    expect([plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')]).toEqual([null, 'gzip'])
    expect(await zipped.text()).toBe(await plain.text())
    for (const { headers } of [plain, zipped]) {
      expect(headers.get('cache-control')).toContain('immutable')
      expect(headers.get('vary')).toBe('accept-encoding')
      const known = await fetch(`${talkif.url}${path}`, {
        headers: {
          'if-none-match': headers.get('etag')!,
          'accept-encoding': headers.get('content-encoding') ?? 'identity',
        },
      })
      expect(known.status).toBe(304)
    }
    expect(plain.headers.get('etag')).not.toBe(zipped.headers.get('etag'))
  })

  test('is the reference where Scalar is not installed', () => {
    const [page, ...rest] = explorerDocuments(
      () => '# Docs',
      () => '# Reference',
      'https://talkif.example',
      null,
    )
    expect(rest.map(({ path }) => path)).toEqual([twinOf(tryIt)])
    expect(page!.text).toContain('<h1>Reference</h1>')
    expect(page!.text).not.toContain('<script')
  })

  test('has a Markdown twin that lists the docs', async ({ talkif }) => {
    const text = await (await talkif.fetch(tryIt.path, { headers: { accept: 'text/markdown' } })).text()
    for (const page of allPages.filter(({ path }) => /^\/docs\/[^/]+$/.test(path)))
      expect(text).toContain(`(${talkif.url}${twinOf(page)})`)
  })
})
