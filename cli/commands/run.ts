import { ownConfig } from '../../runtime/config.ts'
import type { Invocation } from '../invocation.ts'
import { untilStopped } from '../until-stopped.ts'

/** How long running calls may take to end after SIGTERM; a second signal does not wait. */
const DRAIN_MS = { dev: 0, serve: 120_000 }

/** `talkif dev` */
export async function runDev({ out }: Invocation): Promise<void> {
  const { dev } = await import('../dev.ts')
  await untilStopped((signal) => dev(ownConfig(), out.line, signal), DRAIN_MS.dev, out.line)
}

/** `talkif serve` */
export async function runServe({ options, out }: Pick<Invocation<{ role: string }>, 'options' | 'out'>): Promise<void> {
  const { serveForever } = await import('../serve-forever.ts')
  await untilStopped(() => serveForever(ownConfig(), options.role, out.line), DRAIN_MS.serve, out.line)
}

/** `talkif worker` */
export const runWorker = ({ out }: Invocation): Promise<void> => runServe({ options: { role: 'worker,media' }, out })
