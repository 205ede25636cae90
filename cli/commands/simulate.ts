import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { sandboxPeople } from '../../openapi/sandbox-people.ts'
import { ProblemError } from '../../runtime/problem.ts'
import { CommandError, failureOf } from '../failure.ts'
import { mayWrite, unwritable } from '../files.ts'
import { type Invocation, status } from '../invocation.ts'
import { clean, type Output } from '../output.ts'
import { junit } from '../simulate/junit.ts'
import { play, type Result } from '../simulate/play.ts'
import { readSubjects, type Subject } from '../simulate/read.ts'
import { HONESTY, resultLines, summaryLines } from '../simulate/report.ts'
import { numberPlan, type Scenario, scenariosOf } from '../simulate/scenarios.ts'
import { openStage, type Stage } from '../simulate/stage.ts'
import { listenForStop } from '../stopping.ts'

interface Options {
  person?: string[]
  personas?: string
  junit?: string
  pace: string
}

/** Waits pass so many times faster than talk. */
const WAITS_PER_PACE = 60
const WAITS_MAX = 3600

/** `talkif simulate`: status 1 when any expectation is not met, 130 when it was stopped. */
export async function simulate({ args, options, out }: Invocation<Options, [paths: string[]]>): Promise<number> {
  if (options.url || options.key)
    throw new CommandError('Simulations run on a server of their own.', 'Leave --url and --key out.')
  const pace = paceOf(options.pace)
  const subjects = await readSubjects(args[0], options.personas, out)
  const scenarios = chosen(scenariosFor(subjects), options.person)
  const sandbox = { pace, waits: Math.min(WAITS_MAX, pace * WAITS_PER_PACE) }
  const deployed = subjects.map(({ flow, yaml, document, simulation: { clock } }) => {
    const time = clock === undefined ? {} : { clock }
    return [flow.id, { yaml, document: { ...document, sandbox: { ...sandbox, ...time } } }] as const
  })
  if (options.junit) await mayWrite(options.junit)
  const { signal, over } = listenForStop()
  const stage = await openStage(new Map(deployed)).catch((error) => {
    // Ctrl-C reaches the programs that make the database too: that they end is no fault of theirs.
    if (!signal.aborted) throw error
  })
  if (!stage) {
    out.warn('Stopped before the first call.')
    return 130
  }
  try {
    for (const { flow, file } of subjects) await stage.tryOut(flow.id).catch((error) => refused(file, error))
    const results = await playAll(scenarios, stage, signal, out)
    if (results.length < scenarios.length) {
      out.warn(`Stopped after ${results.length} of ${scenarios.length}.`)
      return 130
    }
    out.show({ ok: results.every(({ ok }) => ok), simulated: HONESTY, results }, (_, paint) =>
      summaryLines(results, paint),
    )
    if (options.junit) await write(options.junit, junit(results))
    return results.every(({ ok }) => ok) ? status.ok : status.failed
  } finally {
    await stage.close()
    over()
  }
}

const NEXT_TO_IT = 'Mend it, or add what it names to the talkif.yaml beside it, then run it again.'

/** A flow that no server takes is one fault of its file, and not one of everybody whom it calls. */
function refused(file: string, error: unknown): never {
  if (error instanceof ProblemError && error.errors)
    throw new CommandError(`${file} is refused.`, NEXT_TO_IT, { errors: error.errors })
  const { detail, suggested_action } = failureOf(error)
  throw new CommandError(`${file}: ${detail}`, suggested_action || undefined)
}

function scenariosFor(subjects: Subject[]): Scenario[] {
  const nextNumber = numberPlan()
  const scenarios = subjects.flatMap(({ flow, simulation }) => scenariosOf(flow, simulation, nextNumber))
  const own = scenarios.filter(({ script }) => script)
  const twice = own.find(({ phone }, at) => own.slice(0, at).some((other) => other.phone === phone))
  if (twice)
    throw new CommandError(
      `${twice.phone} of ${twice.name} is also somebody else's in this run.`,
      'Give each persona a phone of their own, or none.',
    )
  return scenarios
}

/** @param names characters of the sandbox or names of personas; all when none. @throws CommandError for a name nobody has. */
function chosen(scenarios: Scenario[], names: string[] | undefined): Scenario[] {
  if (!names) return scenarios
  const missing = names.find((name) => !scenarios.some((it) => it.name === name))
  if (missing !== undefined) {
    const known = [...new Set(scenarios.map(({ name }) => name))].join(', ')
    const isPerson = sandboxPeople.some(({ character }) => character === missing)
    const why = isPerson ? ' The file of personas names which people of the sandbox are called.' : ''
    throw new CommandError(`There is nobody named ${missing}.${why}`, `There are: ${known}.`)
  }
  return scenarios.filter(({ name }) => names.includes(name))
}

function paceOf(given: string): number {
  const pace = Number(given)
  if (pace >= 1 && pace <= 100) return pace
  throw new CommandError(`--pace ${given} is no speed.`, 'Give a number from 1 (life) to 100.')
}

/** A few at a time, each told when it is over; in the order they were given. */
async function playAll(scenarios: Scenario[], stage: Stage, signal: AbortSignal, out: Output): Promise<Result[]> {
  const results: Result[] = []
  const waiting = [...scenarios.entries()]
  const worker = async () => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const [at, scenario] = next
      const result = await play(scenario, stage, signal)
      if (!result) continue
      results[at] = result
      for (const line of resultLines(clean(result), out.paint)) out.line(line)
    }
  }
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker))
  return results.filter((result) => result !== undefined)
}

const write = (path: string, text: string): Promise<void> =>
  writeFile(path, text).catch((error) => {
    throw unwritable(path, error)
  })
