import type { HandoffResult } from '../../../openapi/schemas/call.ts'
import type { ToolContext } from '../tool-context.ts'
import type { TransferRow } from './rows.ts'

interface Traced {
  result: HandoffResult
  queue: string
  /** Why nobody was rung. */
  why?: string
  row?: TransferRow
}

/** A span for the transfer, and one below it for each colleague who was rung; who they are stands in the queue. */
export function traceTransfer({ deps, call, spanId }: ToolContext, { result, queue, why, row }: Traced): void {
  const endedAt = deps.clock.now()
  const { traceId } = call
  deps.telemetry.span({ traceId, parentSpanId: spanId }, 'transfer', {
    ...{ startedAt: row?.startedAt.getTime() ?? endedAt, endedAt, status: result },
    ...(row ? { spanId: row.spanId } : {}),
    attributes: { queue, ...(why ? { why } : {}) },
  })
  for (const [at, leg] of row?.state.legs.entries() ?? []) {
    if (leg.askedAt === null) continue
    const named: Record<string, string> = leg.carrierId ? { provider_call_sid: leg.carrierId } : {}
    deps.telemetry.span({ traceId, parentSpanId: row!.spanId }, 'transfer.ring', {
      ...{ startedAt: leg.askedAt, endedAt, status: leg.result ?? 'not_needed' },
      attributes: { target: at + 1, ...named },
    })
  }
}
