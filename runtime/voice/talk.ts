import type { MediaStream } from '../carrier/port.ts'
import { createEnding } from './ending.ts'
import { type Engine, exactly } from './engine.ts'
import type { ToolCall } from './engine-events.ts'
import { createInterruptions } from './interruptions.ts'
import { createPlayback } from './playback.ts'
import type { EndedBy, LoopOptions, ToolResult } from './port.ts'
import { createStopwatch } from './stopwatch.ts'
import { createToolRuns, type ToolRun } from './tool-runs.ts'
import { createTranscript } from './transcript.ts'
import { type Ask, type AskKind, createTurns } from './turns.ts'

export type TalkOptions = LoopOptions & {
  stream: MediaStream
  engine: Engine
  /** Something of the desk's failed; the conversation goes on. */
  trouble(error: unknown): void
  /** The line is to be dropped at once. */
  hangUp(by: EndedBy, detail?: string): void
}

export type Talk = ReturnType<typeof createTalk>

/**
 * The moves of one conversation: ask, say, cut, run tools, say goodbye. It joins the pure machines (playback, turns,
 * interruptions, ending, transcript) to the engine, the stream and the desk; `loop.ts` tells it what happens.
 */
export function createTalk(options: TalkOptions) {
  const { clock, conversation, desk, engine, recorder, stream } = options
  const startedMs = clock.monotonic()
  /** The carrier's own time, as its last frame told it, and ours at that moment. */
  let carrier = { atMs: 0, nowMs: startedMs }
  const stopwatch = createStopwatch(desk, clock)
  const transcript = createTranscript((turn) => {
    try {
      desk.turn(turn)
    } catch (error) {
      options.trouble(error)
    }
  })
  const interruptions = createInterruptions()
  const ending = createEnding()
  const toolRuns = createToolRuns(desk, clock, stopwatch.span)
  let toolsRunning = 0
  let replyAfterTools = false
  let session = 0
  let greeting: 'waiting' | 'playing' | 'over' = 'waiting'
  const openedAt = clock.now()

  const turns = createTurns(
    {
      createResponse({ kind, instructions }) {
        stopwatch.asked(kind === 'reply')
        engine.createResponse(instructions)
      },
      cancelResponse: (response) => engine.cancelResponse(response),
    },
    { kind: 'greeting' },
  )
  const playback = createPlayback({
    frame(frame, item, playsAtMs) {
      stream.sendAudio(frame)
      recorder?.agent(frame, streamMs(playsAtMs))
      transcript.agentBegan(item, streamMs(playsAtMs))
      stopwatch.played()
      if (greeting === 'waiting') {
        greeting = 'playing'
        stopwatch.span('greeting', openedAt)
      }
    },
    mark: (name) => stream.sendMark(name),
    clear: () => stream.clear(),
    heard: (item) => transcript.agentHeard(item),
  })

  /** Our monotonic time as milliseconds of the stream: both channels of a recording, and the transcript, share this scale. */
  function streamMs(nowMs = clock.monotonic()): number {
    return carrier.atMs + nowMs - carrier.nowMs
  }

  /** The agent is heard, or is about to be. */
  const audible = () => playback.busy || turns.active !== null
  /** Its words may be cut now. */
  const interruptible = () => !ending.firm && (conversation.greetingInterruptible || greeting === 'over')

  function reply() {
    if (ending.by) return
    if (toolsRunning > 0) replyAfterTools = true
    else turns.ask({ kind: 'reply' })
  }

  /** A line of the platform: word for word when we have it in the call's language, else in the model's words. */
  function say(kind: Exclude<AskKind, 'reply'>, phrase: string | undefined, otherwise: string) {
    const spoken = `Speak ${conversation.language}. ${otherwise}`
    turns.ask({ kind, instructions: phrase === undefined ? spoken : exactly(phrase) })
  }

  /** Stops the agent at once, here, at the carrier and at the engine; only what was heard remains said. */
  function cutAgent() {
    const nowMs = clock.monotonic()
    const cuts = playback.cut(nowMs)
    recorder?.cutAgent(streamMs(nowMs))
    turns.cut()
    for (const cut of cuts) {
      if (cut.heardMs === 0) engine.deleteItem(cut.item)
      else if (!cut.finished || cut.heardMs < cut.receivedMs) engine.truncate(cut.item, cut.heardMs)
      transcript.agentCut(cut.item, cut)
    }
  }

  /** The caller's speech takes the turn. `speechStartedAt` is in epoch milliseconds. */
  function interrupt(speechStartedAt: number) {
    cutAgent()
    ending.calledOff()
    stopwatch.span('barge_in', speechStartedAt)
  }

  function sayGoodbye(by: EndedBy, firm = false) {
    if (!ending.begin(by, clock.monotonic(), firm)) return
    const { goodbye } = conversation.phrases ?? {}
    say('goodbye', goodbye, 'Thank the caller and say goodbye in one short sentence. Ask nothing.')
  }

  /** A guard outside the model (opt-out, a key) has decided: the model's own answer must not contradict it. */
  function obey(result: ToolResult | undefined) {
    if (result?.next === 'hang_up') return options.hangUp('agent')
    if (result?.next !== 'say_goodbye' || ending.by) return
    cutAgent()
    engine.addText('system', JSON.stringify(result.output ?? {}))
    sayGoodbye('agent')
  }

  /** News that nobody asked for just now; speech that is going on asks for itself once it is over. */
  function tell({ output }: ToolResult) {
    engine.addText('system', JSON.stringify(output ?? {}))
    if (!interruptions.speaking) reply()
  }

  /** Runs what a response called; its results go to the model together. `spoke`: the same response also said something. */
  async function useTools(calls: ToolCall[], spoke: boolean): Promise<void> {
    const current = session
    toolsRunning += 1
    const runs = await toolRuns.run(calls)
    toolsRunning -= 1
    for (const run of runs) giveResult(run, current === session)
    if (runs.some(({ result }) => result.next === 'hang_up')) return options.hangUp('agent')
    if (runs.some(({ result }) => result.next === 'take_leave')) return toolGoodbye(false)
    if (runs.some(({ result }) => result.next === 'say_goodbye')) return toolGoodbye(spoke)
    // Speech that began meanwhile asks for itself once it is over, and then sees the results.
    if (!interruptions.speaking || replyAfterTools) reply()
    if (toolsRunning === 0) replyAfterTools = false
  }

  function giveResult({ call, result }: ToolRun, known: boolean) {
    const output = JSON.stringify(result.output ?? null)
    // A session that was opened anew never heard of the call.
    if (known) engine.toolOutput(call.callId, output)
    else engine.addText('system', `The function ${call.name} returned: ${output}`)
  }

  /** Words beside the call are the last ones ("… Goodbye." and end_call); without any, the model is asked for them. */
  function toolGoodbye(spoke: boolean) {
    if (!ending.begin('agent', clock.monotonic())) return
    if (!spoke) turns.ask({ kind: 'goodbye' })
  }

  return {
    startedMs,
    stopwatch,
    transcript,
    interruptions,
    ending,
    turns,
    playback,
    audible,
    interruptible,
    reply,
    say,
    cutAgent,
    interrupt,
    sayGoodbye,
    obey,
    tell,
    useTools,
    /** Once the greeting was heard to its end, or cut. */
    greetingIsOver() {
      greeting = 'over'
    },
    /** The session was opened anew: nothing that was asked for will come. */
    forgetSession() {
      session += 1
      turns.reset()
      playback.finishAll()
    },
    get greeting() {
      return greeting
    },
    get toolsRunning() {
      return toolsRunning
    },
    streamMs,
    mediaCame(atMs: number) {
      carrier = { atMs, nowMs: clock.monotonic() }
    },
    ask: (ask: Ask) => turns.ask(ask),
  }
}
