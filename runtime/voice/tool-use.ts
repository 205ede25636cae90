import type { Clock } from '../clock.ts'
import type { Engine } from './engine.ts'
import type { ToolCall } from './engine-events.ts'
import type { Desk, EndedBy, ToolResult } from './port.ts'
import type { Stopwatch } from './stopwatch.ts'
import { createToolRuns, type ToolRun } from './tool-runs.ts'

export interface ToolUseMoves {
  reply(): void
  /** Tells the agent something, now and in every session to come. */
  note(role: 'system', text: string): void
  /** The same for later sessions alone: this one knows it. */
  remember(text: string): void
  toolGoodbye(spoke: boolean): void
  hangUp(by: EndedBy): void
  noPerson(next: 'leave_message' | 'wait', spoke: boolean): void
  leadSpeaks(): boolean
  /** The caller is heard to speak, and asks for an answer to what came back; if it turns out to be nothing, it is asked for. */
  owe(): void
}

export interface ToolUse {
  /**
   * Runs what a response called; its results go to the model together. `beside`: the response also said something, or was silent,
   * or was cut: whoever cut it goes on talking, so that it neither ends the call nor asks for an answer.
   */
  use(calls: ToolCall[], beside: 'spoke' | 'silent' | 'cut'): Promise<void>
  /** An answer is wanted: true when it has to wait for tools, after which it is asked for. */
  defersReply(): boolean
  /** The session is gone that knew of the calls. */
  forgetSession(): void
  /** Responses whose tools still run. */
  readonly running: number
  /** Those of them that somebody waits for. */
  readonly awaited: number
}

/** Called where nobody is: a robot would take a line that bridges the wait for our name, a machine for the message. */
const FOR_MACHINES = ['call_screening', 'voicemail']

/** What the model calls, and what becomes of the conversation by it. */
export function createToolUse(
  { desk, engine, clock, span }: { desk: Desk; engine: Engine; clock: Clock; span: Stopwatch['span'] },
  moves: ToolUseMoves,
): ToolUse {
  const runs = createToolRuns(desk, clock, span)
  let running = 0
  let unawaited = 0
  let replyAfter = false
  let session = 0

  function giveResult({ call, result }: ToolRun, known: boolean) {
    const output = JSON.stringify(result.output ?? null)
    const told = `The function ${call.name} returned: ${output}`
    // A session that was opened anew never heard of the call.
    if (!known) return moves.note('system', told)
    engine.toolOutput(call.callId, output)
    moves.remember(told)
  }

  /** What the results want of the conversation; false when it just goes on. */
  function decided(next: Set<ToolResult['next']>, beside: 'spoke' | 'silent' | 'cut', asked: boolean): boolean {
    const ends = (['hang_up', 'leave_message', 'take_leave', 'say_goodbye'] as const).some((it) => next.has(it))
    // Whoever has said something meanwhile is answered before anything ends.
    if (ends && asked) return false
    if (next.has('hang_up')) moves.hangUp('agent')
    else if (beside === 'cut') return false
    // Nobody is there to take leave of.
    else if (next.has('leave_message')) moves.noPerson('leave_message', beside === 'spoke')
    else if (next.has('take_leave')) moves.toolGoodbye(false)
    else if (next.has('say_goodbye')) moves.toolGoodbye(beside === 'spoke')
    else if (next.has('wait')) moves.noPerson('wait', beside === 'spoke')
    else return false
    return true
  }

  return {
    async use(calls, beside) {
      const current = session
      const isForMachine = calls.some(({ name }) => FOR_MACHINES.includes(name))
      running += 1
      if (isForMachine) unawaited += 1
      const done = await runs.run(calls)
      running -= 1
      if (isForMachine) unawaited -= 1
      for (const run of done) giveResult(run, current === session)
      const asked = replyAfter
      if (running === 0) replyAfter = false
      if (decided(new Set(done.map(({ result }) => result.next)), beside, asked)) return
      // Speech that began meanwhile asks for itself once it is over, and then sees the results.
      if (asked || (beside !== 'cut' && !moves.leadSpeaks())) moves.reply()
      else if (beside !== 'cut') moves.owe()
    },
    defersReply() {
      if (running > 0) replyAfter = true
      return running > 0
    },
    forgetSession() {
      session += 1
    },
    get awaited() {
      return running - unawaited
    },
    get running() {
      return running
    },
  }
}
