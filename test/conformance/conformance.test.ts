import { expect, test } from 'vitest'
import { mcpServer, printSurface } from '../../mcp/server.ts'
import { fixtureServer } from './fixtures.ts'
import { type Check, requiredBy, runSuite, serveMcp } from './suite.ts'

/**
 * The official suite of the protocol against our routes. Most of its scenarios ask for tools of their own; those are mounted in
 * the place of ours, behind the very same middleware. `npm run test:conformance` runs this folder alone.
 */

const failuresOf = (checks: Check[] | undefined) =>
  checks
    ? checks.filter(({ status }) => status === 'FAILURE').map(({ id, errorMessage }) => `${id}: ${errorMessage}`)
    : ['not run']

async function judge(revision: string) {
  const served = await serveMcp(() => fixtureServer())
  try {
    const [required, found] = [await requiredBy(revision), await runSuite(served.url, ['--requirements', revision])]
    const faults = required.map((scenario) => ({ scenario, faults: failuresOf(found.get(scenario)) }))
    const failed = faults.filter((it) => it.faults.length).map((it) => it.scenario)
    const lines = faults.map(
      ({ scenario, faults: [first] }) => `  ${first ? 'fails' : 'holds'}  ${scenario}  ${first ?? ''}`,
    )
    console.info(`${revision}: ${required.length - failed.length} of ${required.length}\n${lines.join('\n')}`)
    return { required, failed }
  } finally {
    served.close()
  }
}

test('2026-07-28: everything that is required of a server', async () => {
  const { required, failed } = await judge('2026-07-28')
  expect(required.length).toBe(37)
  expect(failed).toEqual([])
})

test('2025-11-25: everything but what needs sessions, in which the server asks the client', async () => {
  const { required, failed } = await judge('2025-11-25')
  expect(required.length).toBe(30)
  expect(failed.toSorted()).toEqual([
    'elicitation-sep1034-defaults',
    'elicitation-sep1330-enums',
    'tools-call-elicitation',
    'tools-call-sampling',
  ])
})

test.for(['tools-list', 'dns-rebinding-protection', 'http-header-validation', 'server-stateless'])(
  'the real tools: %s',
  async (scenario) => {
    const surface = printSurface('1.0.0')
    const served = await serveMcp((door) => mcpServer(surface, door))
    try {
      const found = await runSuite(served.url, ['--scenario', scenario, '--spec-version', '2026-07-28'])
      const checks = found.get(scenario)
      // Some checks need tools that only the suite's own servers have.
      const failed = failuresOf(checks).filter((fault) => !fault.includes('does not list the diagnostic tool'))
      expect(failed).toEqual([])
      expect(checks!.filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(0)
    } finally {
      served.close()
    }
  },
)
