import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { problemCodes } from '../../openapi/schemas/problem.ts'
import { test } from '../harness/talkif.ts'

let browser: Browser

beforeAll(async () => {
  const executablePath = await chromium.executablePath()
  browser = await playwright.launch({ executablePath, args: chromium.args })
})

afterAll(() => browser?.close())

const desktop = { width: 1280, height: 900 }
const phone = { width: 390, height: 844 }

test('pages fit desktop and phone, and lead to every problem', async ({ talkif }) => {
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`))
  const fits = async () => {
    for (const size of [phone, desktop]) {
      await page.setViewportSize(size)
      if (!(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'))) return false
    }
    return true
  }

  await page.goto(talkif.url)
  expect(await page.locator('h1').innerText()).toBe('Wire a lead event, Talkif dials it.')
  expect(await page.locator('pre').innerText()).toContain(`curl -X POST ${talkif.url}/v1/leads`)
  expect(await fits()).toBe(true)

  await page.getByRole('link', { name: 'all problems' }).click()
  const links = page.locator('td a')
  expect(await links.allInnerTexts()).toEqual(problemCodes)
  expect(await fits()).toBe(true)

  await links.filter({ hasText: 'consent_required' }).click()
  expect(await page.locator('h1').innerText()).toBe('Consent is required')
  expect(await fits()).toBe(true)
  // A browser asks for an icon by itself; nothing else may be missing.
  expect(faults.filter((fault) => !fault.endsWith('/favicon.ico'))).toEqual([])
  await page.close()
})
