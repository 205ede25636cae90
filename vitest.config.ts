import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes long starts first, in this order: alone at the end, it would leave one of two cores idle. Beside the first, which needs
 * more than one core, come those that mostly wait.
 */
const first = [
  'calls/kill',
  'calls/frozen',
  'db/outage',
  'calls/attempts',
  'calls/orphans',
  'cli/start',
  'calls/guardrails',
  'cli/deploy',
  'cli/package',
  'cli/commands',
  'cli/simulate',
  'api/pages',
  'calls/people',
  'calls/callbacks',
  'mcp/stdio',
]

const place = ({ moduleId }: TestSpecification): number => {
  const at = first.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
  return at < 0 ? first.length : at
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    return usual.toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/harness/postgres.ts',
    // Two cores, and files that wait much: a third of them fills the pauses of the others.
    maxWorkers: 3,
    // A file's state is its own server and database; loading the modules again for each takes longer than most tests.
    isolate: false,
    // The tests of a file that run together mostly wait.
    maxConcurrency: 16,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
