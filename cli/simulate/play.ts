import { setTimeout } from 'node:timers/promises'
import { createClient } from '../../openapi/client.ts'
import type { Call, TranscriptTurn } from '../../openapi/schemas/call.ts'
import type { z } from '../../openapi/zod.ts'
import { systemClock } from '../../runtime/clock.ts'
import { failureOf } from '../failure.ts'
import { openServer } from '../server.ts'
import { type SentMessage, type Unmet, unmet } from './judge.ts'
import type { Scenario } from './scenarios.ts'
import type { Stage } from './stage.ts'

/** What came of one scenario. */
export interface Result {
  flow_id: string
  scenario: string
  ok: boolean
  unmet: Unmet[]
  outcome: string | null
  reason: string | null
  answers: Record<string, string>
  attempts: number
  transcript: Pick<z.infer<typeof TranscriptTurn>, 'at_ms' | 'role' | 'text' | 'interrupted'>[]
  messages: SentMessage[]
  latency: { response_p50_ms: number | null; response_p95_ms: number | null; first_dial_ms: number | null }
  /** How long it took on this machine. */
  ms: number
}

/** A call that has not ended after so long will not. */
const LIMIT_MS = 180_000
const POLL_SECONDS = 2
/** The sandbox takes a message at once: one that waits so long waits for its next try. */
const MESSAGES_LIMIT_MS = 20_000
const MESSAGES_POLL_MS = 100

/**
 * Calls one person, waits for the end, and judges it. Whatever goes wrong is an unmet expectation; a call that was stopped before its
 * end is none.
 */
export async function play(scenario: Scenario, stage: Stage, signal: AbortSignal): Promise<Result | undefined> {
  const begun = systemClock.monotonic()
  const elapsed = () => Math.round(systemClock.monotonic() - begun)
  try {
    const { url, key } = await stage.workspaceFor(scenario)
    const api = createClient({ url, key })
    const { call_id: id } = await api.createLead({ ...scenario.lead, phone: scenario.phone } as never)
    let call = await api.getCall({ id })
    while (!isOver(call) && elapsed() < LIMIT_MS && !signal.aborted)
      call = await api.getCall({ id, wait: POLL_SECONDS })
    if (!isOver(call) && signal.aborted) return undefined
    call = await api.getCall({ id, include: ['transcript', 'trace'] })
    const { ask } = openServer({ url, key })
    const query = { call_id: id, limit: 100 }
    const list = async () => (await ask<{ data: SentMessage[] }>('GET', '/workspace/messages', { query })).data
    const messages = await settled(list, signal)
    const faults = isOver(call)
      ? unmet(scenario.expect, call, messages)
      : [{ what: 'end', expected: `within ${LIMIT_MS / 1000} s`, came: `still ${call.status}` }]
    return { ...resultOf(scenario, call), messages, unmet: faults, ok: faults.length === 0, ms: elapsed() }
  } catch (error) {
    const { detail, suggested_action } = failureOf(error)
    const came = [detail, suggested_action].filter(Boolean).join(' ')
    return { ...nothing(scenario), unmet: [{ what: 'call', expected: 'a call', came }], ms: elapsed() }
  }
}

/** The messages of a call that is over, once none is on its way to the carrier; as they are when that takes too long. */
export async function settled<T extends { status: string }>(
  list: () => Promise<T[]>,
  signal: AbortSignal,
  limitMs = MESSAGES_LIMIT_MS,
): Promise<T[]> {
  const begun = systemClock.monotonic()
  for (;;) {
    const messages = await list()
    const isOnItsWay = messages.some(({ status }) => status === 'queued' || status === 'sending')
    if (!isOnItsWay || signal.aborted || systemClock.monotonic() - begun >= limitMs) return messages
    await setTimeout(MESSAGES_POLL_MS)
  }
}

const isOver = ({ status }: Call) => status === 'completed' || status === 'cancelled'

const nothing = ({ flowId, name }: Scenario): Result => ({
  ...{ flow_id: flowId, scenario: name, ok: false, unmet: [], outcome: null, reason: null, answers: {}, attempts: 0 },
  ...{ transcript: [], messages: [], ms: 0 },
  latency: { response_p50_ms: null, response_p95_ms: null, first_dial_ms: null },
})

function resultOf(scenario: Scenario, call: Call): Result {
  const turns = (call.trace?.spans ?? [])
    .filter(({ name }) => name === 'turn')
    .map(({ started_at, ended_at }) => Date.parse(ended_at) - Date.parse(started_at))
    .toSorted((a, b) => a - b)
  const { outcome, reason, answers, attempts, transcript = [], metrics } = call
  return {
    ...nothing(scenario),
    ...{ outcome, reason, answers, transcript, attempts: attempts.length },
    latency: {
      response_p50_ms: quantile(turns, 0.5),
      response_p95_ms: quantile(turns, 0.95),
      first_dial_ms: metrics.first_dial_ms,
    },
  }
}

const quantile = (sorted: number[], share: number): number | null =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
