import { pause, systemClock } from '../../runtime/clock.ts'
import type { Invocation } from '../invocation.ts'
import { clean } from '../output.ts'
import { milestoneLine, traceSummary } from '../screen.ts'
import { isOver } from './call.ts'

/** How often the trace of a call that goes on is asked for. */
const LOOK_MS = 500
/** How often it is looked at once the call is over: the webhook leaves just after, where there is an endpoint at all. */
const LAST_LOOKS = 4

/** `talkif trace` */
export async function trace({
  args,
  options,
  out,
  server,
}: Invocation<{ watch?: boolean }, [call: string]>): Promise<void> {
  const { api } = await server()
  const read = async () => {
    const { trace, ...call } = await api.getCall({ id: args[0], include: ['trace'] })
    return { call, trace: trace! }
  }
  let { call, trace } = await read()
  let printed = 0
  const tell = () => {
    for (const milestone of trace.milestones.slice(printed)) out.line(milestoneLine(clean(milestone)))
    printed = Math.max(printed, trace.milestones.length)
  }
  const isWhole = () => call.status === 'cancelled' || trace.milestones.some(({ name }) => name === 'webhook.out')
  out.line(`trace · ${call.id} · ${call.trace_id}`)
  tell()
  for (
    let left = options.watch ? LAST_LOOKS : 0;
    left > 0 && !(isOver(call) && isWhole());
    left -= isOver(call) ? 1 : 0
  ) {
    await pause(systemClock, LOOK_MS)
    ;({ call, trace } = await read())
    tell()
  }
  out.show(trace, (trace, paint) => [paint('dim', traceSummary(trace, call.outcome ?? call.status))])
}
