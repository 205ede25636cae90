import { createConfig, lintFromString } from '@redocly/openapi-core'
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core'
import spectralRulesets from '@stoplight/spectral-rulesets'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../openapi/document.ts'

const document = JSON.parse(JSON.stringify(openApiDocument('https://talkif.example', '1.2.3')))

async function redocly(it: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: JSON.stringify(it), absoluteRef: '/openapi.json', config })
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${message} ${location[0]?.pointer}`)
}

async function spectral(it: object): Promise<string[]> {
  const linter = new spectralCore.Spectral()
  linter.setRuleset(spectralRulesets.oas as RulesetDefinition)
  const results = await linter.run(it as Record<string, unknown>)
  return results.map(({ code, message, path }) => `${code} ${message} ${path.join('/')}`)
}

test('Redocly, recommended: no errors and no warnings', async () => {
  expect(await redocly(document)).toEqual([])
})

test('Spectral, spectral:oas: no results of any severity', async () => {
  expect(await spectral(document)).toEqual([])
})

test('both do look: a document without licence, contact and tags is told so', async () => {
  const { info, tags: _, ...rest } = document
  const poor = { ...rest, info: { title: info.title, version: info.version } }
  expect((await redocly(poor)).join('\n')).toContain('info-license ')
  expect((await spectral(poor)).join('\n')).toContain('info-contact ')
})
