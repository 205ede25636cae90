import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { dialing } from './dialing.ts'
import { documents } from './documents.ts'
import { type Figure, holds, printJson, printTable } from './figures.ts'
import { mcp } from './mcp.ts'
import { routing } from './router.ts'
import { openStage, type Stage } from './stage.ts'
import { startup } from './startup.ts'
import { throughput } from './throughput.ts'
import { voice } from './voice.ts'

/**
 * `npm run bench`: measures a server as in production, in its own process, over real HTTP, on an embedded Postgres that syncs.
 *   --json   one line a figure: {name, value, unit, limit, holds}
 *   --quick  shorter, for development: its percentiles rest on few samples
 *   --only   some of: routing, throughput, dialing, mcp, documents, startup, voice; separated by commas
 * Exit code 1 when a judged figure does not hold.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const quick = values.quick ?? false

const sections: Record<string, (stage: Stage) => Promise<Figure[]>> = {
  routing: (stage) => routing(stage, { leads: quick ? 5_000 : 20_000 }),
  dialing: (stage) => dialing(stage, { steadySeconds: quick ? 8 : 30, idleSeconds: quick ? 4 : 10 }),
  throughput: (stage) => throughput(stage, { rounds: quick ? 3 : 9, ms: quick ? 1500 : 2000 }),
  documents: (stage) => documents(stage, { seconds: quick ? 3 : 10 }),
  mcp: (stage) => mcp(stage, { seconds: quick ? 3 : 10 }),
  startup,
  voice: () => voice({ rounds: quick ? 2 : 4, calls: quick ? 300 : 1_000 }),
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const say = (line: string): void => void (values.json || process.stderr.write(`${line}\n`))

const stage = await openStage()
const figures: Figure[] = [
  {
    ...{ name: 'load of the machine before', value: loadavg()[0]!, unit: 'processes', limit: null },
    note: `of the last minute, on ${availableParallelism()} processors; above that the times below are also those of other work`,
  },
]
try {
  for (const name of values.only?.split(',') ?? Object.keys(sections)) {
    const section = sections[name]
    if (!section) throw new Error(`there is no section ${name}; there are ${Object.keys(sections).join(', ')}`)
    const start = performance.now()
    figures.push(...(await section(stage)))
    say(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  }
} finally {
  await stage.close()
}
if (values.json) printJson(figures, print)
else printTable(figures, print)
process.exitCode = figures.some((figure) => holds(figure) === false) ? 1 : 0
