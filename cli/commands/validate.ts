import { CommandError } from '../failure.ts'
import { type Invocation, status } from '../invocation.ts'
import type { Output } from '../output.ts'
import { flowOf, isSimulation, readSimulation } from '../simulate/read.ts'
import { faultLines, readSources, type Source, tellAssumed, tellLiteralSecrets, tellUnnamed } from '../sources.ts'

/** `talkif validate`: status 1 when any file has a fault. */
export async function validate({ args, out }: Invocation<object, [paths: string[]]>): Promise<number> {
  const [given] = args
  const simulations = await Promise.all(given.filter(isSimulation).map((path) => simulationOf(path, out)))
  const others = given.filter((path) => !isSimulation(path))
  const sources = simulations.length > 0 && others.length === 0 ? [] : await readSources(others, out, { assume: true })
  tellAssumed(sources, out)
  tellUnnamed(sources, out)
  tellLiteralSecrets(sources, out)
  const files = [...sources.map(fileOf), ...simulations]
  const isValid = files.every(({ faults }) => faults.length === 0)
  out.show({ ok: isValid, files: files.map(({ text, ...file }) => file) }, (_, paint) =>
    files.flatMap((file) =>
      file.faults.length
        ? faultLines(file, paint)
        : [`${paint('green', '✓')} ${file.path}  ${paint('dim', file.id ?? file.is ?? '')}`],
    ),
  )
  return isValid ? status.ok : status.failed
}

interface File extends Pick<Source, 'path' | 'text' | 'faults'> {
  /** Null where its faults leave that open. */
  is: 'workspace' | 'flow' | 'simulation' | null
  id: string | null
}

const fileOf = ({ path, text, faults, parsed, workspace }: Source): File => ({
  ...{ path, text, faults },
  is: workspace ? 'workspace' : parsed ? 'flow' : null,
  id: parsed?.flow.id ?? null,
})

/** The people of a flow, whose slots they answer. @throws CommandError when that flow cannot be read. */
async function simulationOf(path: string, out: Output): Promise<File> {
  const [flow] = await readSources([flowOf(path)], out, { assume: true })
  if (!flow?.parsed)
    throw new CommandError(
      `${path} is about the flow ${flowOf(path)}, which has faults of its own.`,
      `Mend that first: \`talkif validate ${flowOf(path)}\`.`,
    )
  const { simulationText, faults } = await readSimulation(path, flow.parsed.flow, true)
  return { path, text: simulationText, faults, is: 'simulation', id: null }
}
