import { ownConfig } from '../../runtime/config.ts'
import type { Invocation } from '../invocation.ts'
import { untilStopped } from '../until-stopped.ts'

/** `talkif dev` */
export async function runDev({ out }: Invocation): Promise<void> {
  const { dev } = await import('../dev.ts')
  // Nobody is called but people of the sandbox.
  await untilStopped((signal) => dev(ownConfig(), out.line, signal), 0, out.line)
}

/** `talkif serve` */
export async function runServe({ options, out }: Pick<Invocation<{ role: string }>, 'options' | 'out'>): Promise<void> {
  const { serveForever } = await import('../serve-forever.ts')
  const config = ownConfig()
  await untilStopped(() => serveForever(config, options.role, out.line), config.drainSeconds * 1000, out.line)
}

/** `talkif worker` */
export const runWorker = ({ out }: Invocation): Promise<void> => runServe({ options: { role: 'worker,media' }, out })
