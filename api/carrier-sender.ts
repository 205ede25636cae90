import type { Context } from 'hono'
import type { Mode } from '../runtime/db/schema.ts'
import type { Deps, Network } from '../runtime/deps.ts'

/** The modes whose carrier this process knows: what belongs to nothing it has is checked with each. */
export const modesOf = (deps: Deps): Mode[] =>
  (['live', 'test'] as const).filter((mode) => !deps.networks.unavailable(mode))

/** The carrier's account that signed this request, of those of `modes`; undefined when none did. */
export function authenticSender(
  deps: Deps,
  context: Context,
  params: Record<string, string>,
  modes: Mode[],
): (Network & { mode: Mode }) | undefined {
  const signature = context.req.header('x-twilio-signature')
  return modes
    .map((mode) => ({ mode, ...deps.networks.of({ mode, pace: 1, clockRate: 1 }) }))
    .find(({ carrier, callbackBase }) =>
      carrier.isAuthentic({ signature, url: `${callbackBase}${context.req.path}`, params }),
    )
}
