import type { Result } from './play.ts'

/**
 * Results as JUnit XML, the form that CI servers read: https://github.com/testmoapp/junitxml. A suite a flow, a case a person; times
 * are seconds of this machine.
 */
export function junit(results: Result[]): string {
  const flows = [...new Set(results.map(({ flow_id }) => flow_id))]
  const suites = flows.map((flow) =>
    suite(
      flow,
      results.filter(({ flow_id }) => flow_id === flow),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="talkif simulate" ${counts(results)}>\n${suites.join('')}</testsuites>\n`
}

const suite = (flow: string, results: Result[]): string =>
  `  <testsuite name="${xml(flow)}" ${counts(results)}>\n${results.map(testcase).join('')}  </testsuite>\n`

function testcase({ flow_id, scenario, ms, unmet, transcript }: Result): string {
  const failures = unmet.map(
    ({ what, expected, came }) =>
      `      <failure message="${xml(`${what}: expected ${expected}, came ${came}`)}" type="expectation"/>\n`,
  )
  const said = transcript.map(({ role, text }) => `${role}: ${text}`).join('\n')
  const out = said ? `      <system-out>${xml(said)}</system-out>\n` : ''
  return `    <testcase classname="${xml(flow_id)}" name="${xml(scenario)}" time="${seconds(ms)}">\n${failures.join('')}${out}    </testcase>\n`
}

function counts(results: Result[]): string {
  const failures = results.filter(({ unmet }) => unmet.length > 0).length
  const ms = results.reduce((sum, it) => sum + it.ms, 0)
  return `tests="${results.length}" failures="${failures}" errors="0" time="${seconds(ms)}"`
}

const seconds = (ms: number) => (ms / 1000).toFixed(3)

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' }

/** XML 1.0, section 2.2: most control characters cannot be written at all. */
const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"\n]/g, (character) => ENTITIES[character]!)
