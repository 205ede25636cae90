import { type Invocation, status } from '../invocation.ts'
import { faultLines, readSources, type Source, tellAssumed, tellUnnamed } from '../sources.ts'

/** `talkif validate`: status 1 when any file has a fault. */
export async function validate({ args, out }: Invocation<object, [paths: string[]]>): Promise<number> {
  const sources = await readSources(args[0], out, { assume: true })
  tellAssumed(sources, out)
  tellUnnamed(sources, out)
  const isValid = sources.every(({ faults }) => faults.length === 0)
  const files = sources.map(({ path, parsed, workspace, faults }) => ({
    path,
    is: workspace ? 'workspace' : parsed ? 'flow' : null,
    id: parsed?.flow.id ?? null,
    faults,
  }))
  out.show({ ok: isValid, files }, (_, paint) =>
    sources.flatMap((source) =>
      source.faults.length
        ? faultLines(source, paint)
        : [`${paint('green', '✓')} ${source.path}  ${paint('dim', whatIs(source))}`],
    ),
  )
  return isValid ? status.ok : status.failed
}

const whatIs = ({ parsed }: Source): string => parsed?.flow.id ?? 'workspace'
