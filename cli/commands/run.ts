import { ownConfig } from '../../runtime/config.ts'
import { failureOf } from '../failure.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output.ts'
import { untilStopped } from '../until-stopped.ts'

/** `talkif dev` */
export async function runDev({ out }: Invocation): Promise<void> {
  const { dev } = await import('../dev.ts')
  // Nobody is called but people of the sandbox.
  await untilStopped(
    (signal) => dev(ownConfig(), out.line, signal),
    () => 0,
    out.line,
    teller(out),
  )
}

/** `talkif serve` */
export async function runServe({ options, out }: Pick<Invocation<{ role: string }>, 'options' | 'out'>): Promise<void> {
  const { serveForever } = await import('../serve-forever.ts')
  let drainMs = 0
  const start = () => {
    const config = ownConfig()
    drainMs = config.drainSeconds * 1000
    return serveForever(config, options.role, out.line)
  }
  await untilStopped(start, () => drainMs, out.line, teller(out))
}

/** For programs as every command tells them, for people in its words alone. */
const teller =
  ({ isJson, warn }: Output) =>
  (error: unknown): void => {
    const failure = failureOf(error)
    const { detail, suggested_action } = failure
    warn(isJson ? JSON.stringify({ error: failure }, null, 2) : [detail, suggested_action].filter(Boolean).join(' '))
  }

/** `talkif worker` */
export const runWorker = ({ out }: Invocation): Promise<void> => runServe({ options: { role: 'worker,media' }, out })
