import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes long starts first, in this order: alone at the end, it would leave one of two cores idle. */
const first = [
  'calls/frozen',
  'calls/attempts',
  'calls/transfer',
  'calls/carrier-away',
  'calls/orphans',
  'calls/stopping',
  'calls/voicemail',
  'calls/guardrails',
  'calls/people',
  'calls/callbacks',
  'cli/commands',
  'cli/start',
  'cli/simulate',
  'api/pages',
  'db/outage',
  'cli/package',
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

/** Seven processes that talk in real time: beside others it would be measured by what they leave it. */
const alone = ['test/calls/kill.test.ts']
/** Conversations at or near life's pace, judged by where their sounds lie: one file at a time. */
const paced = ['voice/callers', 'voice/loop', 'sandbox/rooms', 'sandbox/people'].map((file) => `test/${file}.test.ts`)
/** Whole programs, as users run them: servers that are killed or frozen, the command, shells, packages, browsers. */
const programs = [
  ...['api/pages', 'bookings/kill', 'calls/frozen', 'calls/stopping', 'cli/completion', 'cli/dev', 'cli/doctor'],
  ...['cli/package', 'cli/serve', 'cli/simulate', 'cli/simulate-stopped', 'cli/start', 'well-known/guides'],
  ...['conformance/conformance', 'db/embedded', 'db/outage', 'generators/generators', 'mcp/inspector', 'mcp/stdio'],
  'messages/kill',
].map((file) => `test/${file}.test.ts`)
const all = ['test/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: alone, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'paced', include: paced, maxWorkers: 1, sequence: { groupOrder: 1 } } },
      // With these, and nothing else: `npm run test:slow`.
      { extends: true, test: { name: 'programs', include: programs, sequence: { groupOrder: 2 } } },
      {
        extends: true,
        test: {
          name: 'together',
          include: all,
          exclude: [...configDefaults.exclude, ...alone, ...paced, ...programs],
          sequence: { groupOrder: 3 },
        },
      },
    ],
    globalSetup: ['test/harness/seed.ts', 'test/harness/postgres.ts'],
    setupFiles: 'test/harness/properties.ts',
    // Two cores, and files that wait much: a third of them fills the pauses of the others.
    maxWorkers: 3,
    // A file's state is its own server and database; loading the modules again for each takes longer than most tests.
    isolate: false,
    // The tests of a file that run together mostly wait.
    maxConcurrency: 16,
    sequence: { sequencer: LongestFirst },
    // For tests that hang; a machine that other work shares is slow, and no test is a stopwatch.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
