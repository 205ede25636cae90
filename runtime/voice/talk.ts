import type { MediaStream } from '../carrier/port.ts'
import { createAnnounced } from './announced.ts'
import { createEcho } from './echo.ts'
import { createEnding } from './ending.ts'
import { type Engine, exactly } from './engine.ts'
import { createFiller, isFiller } from './filler.ts'
import { createInterruptions, usualInterruptions } from './interruptions.ts'
import { createLineClock } from './line-clock.ts'
import { createMemory } from './memory.ts'
import { frameMs, loudness } from './mulaw.ts'
import { createParting } from './parting.ts'
import { type CutItem, createPlayback } from './playback.ts'
import type { EndedBy, LoopOptions, ToolResult } from './port.ts'
import { createStopwatch } from './stopwatch.ts'
import { createToolUse } from './tool-use.ts'
import { createTranscript } from './transcript.ts'
import { type Ask, type AskKind, createTurns } from './turns.ts'

export type TalkOptions = LoopOptions & {
  stream: MediaStream
  engine: Engine
  /** Something of the desk's failed; the conversation goes on. */
  trouble(error: unknown): void
  /** The line is to be dropped at once. */
  hangUp(by: EndedBy, detail?: string): void
  /** The model says that no person answered. `spoke`: it also said something. */
  noPerson(next: 'leave_message' | 'wait', spoke: boolean): void
  /** The caller has said something whose words will tell what comes of it. */
  undecided(): boolean
}

const CUT_FOR_NOTHING =
  'Your last sentence was cut short by a sound; the caller did not mean to interrupt. Go on from where you were cut, without an apology and without saying again what they have heard.'

export type Talk = ReturnType<typeof createTalk>

/**
 * The moves of one conversation: ask, say, cut, run tools, say goodbye. It joins the pure machines (playback, turns,
 * interruptions, ending, transcript) to the engine, the stream and the desk; `loop.ts` tells it what happens.
 */
export function createTalk(options: TalkOptions) {
  const { clock, conversation, desk, engine, recorder, stream } = options
  const startedMs = clock.monotonic()
  const line = createLineClock(startedMs)
  /** By how much the stream's time is before ours where the callee hears us: for each stretch of audio one, so that it stays whole. */
  let earOffsetMs = line.offsetMs
  let stretchEndsAtMs = Number.NEGATIVE_INFINITY
  /** Something waits to be said, held back while the caller was heard to speak. */
  let owed = false
  const stopwatch = createStopwatch(desk, clock, engine.kind)
  const transcript = createTranscript((turn) => {
    try {
      desk.turn(turn)
    } catch (error) {
      options.trouble(error)
    }
  })
  const { afterMs = usualInterruptions.minSpeechMs } = conversation.interruptions ?? {}
  const minPatientMs = Math.max(afterMs, usualInterruptions.minPatientMs)
  const interruptions = createInterruptions({ ...usualInterruptions, minSpeechMs: afterMs, minPatientMs })
  const echo = createEcho()
  const ending = createEnding()
  const memory = createMemory()
  /** Items still being heard that only an earlier session knows. */
  let forgotten = new Set<string>()
  const announced = createAnnounced()
  /** How much of what was cut last nobody heard, in milliseconds; without end when more was being made. */
  let unheardMs = 0
  /** Anything of the agent's own words was heard when it was cut last. */
  let wasHeard = false
  const filler = createFiller(engine, conversation.phrases?.filler)
  let greeting: 'waiting' | 'playing' | 'over' = 'waiting'
  let greetingItem = ''
  /** It has to be heard to its end, and a machine cut it: it comes first if a person is there after all. */
  let greetsAnew = false
  /** `hush`: the agent answers nothing; `wait`: it answers, but nobody is nudged. */
  let hold: 'none' | 'hush' | 'wait' = 'none'
  const openedAt = clock.now()

  const turns = createTurns(
    {
      createResponse({ kind, instructions }) {
        stopwatch.asked(kind === 'reply')
        engine.createResponse(instructions)
      },
      cancelResponse: (response) => engine.cancelResponse(response),
    },
    { kind: 'greeting', instructions: exactly(conversation.greeting) },
  )
  const playback = createPlayback({
    frame(frame, item, playsAtMs) {
      stream.sendAudio(frame)
      if (playsAtMs !== stretchEndsAtMs) earOffsetMs = line.offsetMs + playback.wayMs
      stretchEndsAtMs = playsAtMs + frameMs
      const atMs = playsAtMs + earOffsetMs
      recorder?.agent(frame, atMs)
      transcript.agentBegan(item, atMs)
      echo.played(loudness(frame), atMs)
      if (!isFiller(item)) stopwatch.played()
      // What is left of one that is said anew is not its beginning.
      if (greeting === 'waiting' && item !== greetingItem && !isFiller(item)) {
        if (greetingItem === '') stopwatch.span('greeting', openedAt)
        greeting = 'playing'
        greetingItem = item
      }
    },
    mark: (name) => stream.sendMark(name),
    clear: () => stream.clear(),
    heard(item) {
      forgotten.delete(item)
      transcript.agentHeard(item)
      if (item === greetingItem && greeting === 'playing') greetingIsOver()
    },
  })

  /** Our monotonic time as milliseconds of the stream: both channels of a recording, and the transcript, share this scale. */
  function streamMs(nowMs = clock.monotonic()): number {
    return nowMs + line.offsetMs
  }

  /** The same where the callee hears the agent: what leaves now is heard when it has come there, and answered once it is back. */
  const earMs = (nowMs: number): number => nowMs + earOffsetMs

  /** The agent is heard, or is about to be. */
  const audible = () => playback.busy || turns.active !== null
  /** Its words may be cut now: the greeting not before its first sound, since nothing else would say it. */
  const interruptible = () =>
    !ending.firm && (greeting === 'over' || (greeting === 'playing' && conversation.greetingInterruptible))

  /** It was heard to its end, or cut. */
  function greetingIsOver() {
    greeting = 'over'
    // So that it is there when it is needed.
    filler.prepare()
  }

  /** There is one greeting: after its first sound the agent goes on instead, unless it has to be heard to its end. */
  function again(ask: Ask): Ask {
    if (ask.kind !== 'greeting' || greeting === 'waiting') return ask
    if (conversation.greetingInterruptible) return { kind: 'reply' }
    greeting = 'waiting'
    return { ...ask, kind: 'reply' }
  }

  function reply() {
    owed = false
    if (ending.by || hold === 'hush') return
    if (tools.defersReply()) return
    turns.ask(
      greetsAnew ? again({ kind: 'greeting', instructions: exactly(conversation.greeting) }) : { kind: 'reply' },
    )
    greetsAnew = false
  }

  /** A line of the platform: word for word when we have it in the call's language, else in the model's words. */
  function say(kind: Exclude<AskKind, 'reply'>, phrase: string | undefined, otherwise: string) {
    const spoken = `Speak ${conversation.language}. ${otherwise}`
    turns.ask({ kind, instructions: phrase === undefined ? spoken : exactly(phrase) })
  }

  /** Stops the agent at once, here, at the carrier and at the engine; only what was heard remains said. */
  function cutAgent() {
    const nowMs = clock.monotonic()
    const cuts: CutItem[] = playback.cut(nowMs)
    const whole = turns.active === null && cuts.every(({ finished }) => finished)
    unheardMs = whole ? cuts.reduce((sum, cut) => sum + cut.receivedMs - cut.heardMs, 0) : Number.POSITIVE_INFINITY
    wasHeard = cuts.some(({ item, heardMs }) => heardMs > 0 && !isFiller(item))
    recorder?.cutAgent(earMs(nowMs))
    echo.cut(earMs(nowMs))
    turns.cut()
    if (greeting === 'playing' && cuts.some(({ item }) => item === greetingItem)) {
      greetingIsOver()
      greetsAnew = !conversation.greetingInterruptible
    }
    for (const item of announced.cut()) cuts.push({ item, heardMs: 0, receivedMs: 0, finished: false })
    for (const cut of cuts) {
      if (!forgotten.delete(cut.item)) shorten(cut)
      transcript.agentCut(cut.item, cut)
    }
  }

  /** The engine is to remember only what was heard; it refuses a truncation at nothing. */
  function shorten({ item, heardMs, receivedMs, finished }: CutItem) {
    if (heardMs === 0) engine.deleteItem(item)
    else if (!finished || heardMs < receivedMs) engine.truncate(item, heardMs)
  }

  /** The caller's speech takes the turn. `speechStartedAt` is in epoch milliseconds. */
  function interrupt(speechStartedAt: number) {
    // First: what the cut brings back must not find the call at its end.
    ending.calledOff()
    cutAgent()
    stopwatch.span('barge_in', speechStartedAt)
  }

  /** Something of the caller's is to play no part in the conversation: an echo, a cough. */
  function forgetItem(item: string) {
    engine.deleteItem(item)
  }

  /** They were words after all. */
  function recallItem(text: string) {
    engine.addText('user', text)
  }

  /** Tells the agent something, now and in every session to come. */
  function note(role: 'user' | 'system', text: string) {
    memory.told(role === 'user' ? 'lead' : role, text, streamMs())
    engine.addText(role, text)
  }

  /** What cut the agent was not meant to: it goes on. `item` is what was heard in the place of words. */
  function goOn(item: string) {
    forgetItem(item)
    engine.addText('system', CUT_FOR_NOTHING)
    reply()
  }

  /** Says the line that bridges a wait; false while it is not there yet. */
  function fill(): boolean {
    const line = filler.next()
    if (!line) return false
    forgotten.add(line.item)
    transcript.agentText(line.item, line.text)
    playback.interject(line.item, line.audio)
    return true
  }

  /** News that nobody asked for just now. */
  function tell({ output }: ToolResult) {
    note('system', JSON.stringify(output ?? {}))
    prompt()
  }

  /** The caller speaks, or has, and asks for an answer once that is over or its words are known. */
  const leadSpeaks = () => interruptions.speaking || options.undecided()

  /** A key or news wants an answer; what the caller is saying asks for itself. */
  function prompt() {
    if (leadSpeaks()) return owe()
    stopwatch.prompted()
    reply()
  }

  /** Speech that goes on asks for its own answer, which then tells this too; if it turns out to be none, this is told by itself. */
  function owe() {
    owed = true
  }

  const ask = (wanted: Ask) => turns.ask(wanted)
  const leftMs = () => playback.leftMs(clock.monotonic())
  const speaks = () => playback.busy || turns.active?.kind !== 'goodbye'
  const parting = createParting({
    clock,
    conversation,
    ending,
    ask,
    say,
    cutAgent,
    leftMs,
    speaks,
    note,
    hangUp: options.hangUp,
  })
  const tools = createToolUse(
    { desk, engine, clock, span: stopwatch.span },
    {
      ...{ reply, note, toolGoodbye: parting.toolGoodbye, hangUp: options.hangUp, noPerson: options.noPerson },
      remember: (text) => memory.told('system', text, streamMs()),
      ...{ leadSpeaks, owe },
    },
  )

  return {
    startedMs,
    stopwatch,
    transcript,
    interruptions,
    echo,
    ending,
    turns,
    playback,
    audible,
    interruptible,
    reply,
    say,
    cutAgent,
    interrupt,
    forgetItem,
    recallItem,
    goOn,
    prepareFiller: filler.prepare,
    fill,
    sayGoodbye: parting.sayGoodbye,
    wordless: parting.wordless,
    watchRest: parting.watchRest,
    leaveMessage() {
      hold = 'none'
      parting.leaveMessage()
    },
    obey: parting.obey,
    tell,
    prompt,
    useTools: tools.use,
    greetingIsOver,
    /** The session is gone: what was asked for will not come, and is asked for in the next one. */
    forgetSession() {
      tools.forgetSession()
      // The next session knows none of these.
      announced.cut()
      turns.suspend(again)
      forgotten = new Set(playback.unheard.map(({ item }) => item))
      transcript.agentLost(playback.unheard)
      playback.finishAll()
    },
    /** Silence is wanted: no nudge, and with `hush` no answer either. */
    hold(how: typeof hold) {
      hold = how
    },
    get held() {
      return hold !== 'none'
    },
    get greeting() {
      return greeting
    },
    get unheardMs() {
      return unheardMs
    },
    get wasHeard() {
      return wasHeard
    },
    /** The live response names an item. */
    announce(item: string, hasSound: boolean) {
      announced.live(item, hasSound)
      if (hasSound && turns.active?.kind === 'goodbye') parting.goodbyeBegan()
    },
    /** Something came of a response that does not count: of an item that nobody heard nothing is to stay. */
    late(item: string) {
      if (announced.late(item)) engine.deleteItem(item)
    },
    get toolsAwaited() {
      return tools.awaited
    },
    get toolsRunning() {
      return tools.running
    },
    streamMs,
    earMs,
    mediaCame: (atMs: number) => line.frame(atMs, clock.monotonic()),
    /** What was taken for speech asks for no answer. */
    nothingSaid() {
      stopwatch.unanswered()
      if (owed) reply()
    },
    note,
    /** Everything that a session opened anew has to know. */
    said: () => memory.among(transcript.turns),
    ask,
    /** What was asked for did not come. */
    askAgain: (asked: Ask) => ask(again(asked)),
    /** Nor is it to be asked for at once. */
    postpone: (asked: Ask) => turns.postpone(again(asked)),
  }
}
