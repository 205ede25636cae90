import type { Engine } from './engine.ts'
import type { EngineRefused } from './engine-events.ts'
import { EngineLost } from './engine-events.ts'
import { bytesPerMs, silence } from './mulaw.ts'
import { tickMs } from './playback.ts'
import type { EndedBy, LoopOptions } from './port.ts'
import { budgetsMs } from './stopwatch.ts'
import type { Talk } from './talk.ts'

export interface Vigil {
  tick(): void
  engineSpoke(): void
  callerSpoke(): void
  /** Whoever speaks or presses a key begins another turn. */
  turnBegan(): void
  mediaCame(): void
  /** The agent is told of it once it is `decided` what the key does by itself. */
  digit(digit: string, decided: Promise<void>): void
  /** While a session is opened anew, or not asked yet, nobody is to blame for silence; `owed`: somebody waits for an answer of its. */
  pause(owed: boolean): void
  resume(): void
}

export interface VigilMoves {
  hangUp(by: EndedBy): void
  lost(error: EngineRefused | EngineLost): void
  /** The engine was given so much silence in place of media that did not come. */
  silenceFed(ms: number): void
  /** The agent is silent and has nothing more to say. */
  silent(): void
  /** The caller has said something whose words will tell what becomes of the call. */
  undecided(): boolean
}

/** Speech in whose midst no media comes for this long is closed with silence, so that the turn can end. */
const mediaGapMs = 750
/** An engine in the midst of a response that says nothing at all for this long is gone. */
const engineSilentMs = 20_000
/** In the midst of a sentence sooner, but not before a stage of a cascade was tried once more. */
const brokenOffMs = 8_000
/** One that does not so much as begin what it was asked for is gone sooner. */
const unacknowledgedMs = 8_000
/**
 * So long nobody is left without a sound. The budget of the model's first word is shorter, but a line after every pause that
 * somebody thinks in would stand before most answers; from the budget on it is made ready.
 */
const fillerAfterMs = 1_200
/** Longer than an engine takes to tell of speech; noise holds nobody on the line. */
const longestHoldMs = 400
/** Keys pressed within this time belong together. */
const digitsPauseMs = 1_000
const maxDigits = 32
/** A tick counts for no more than this. */
const maxTickMs = 2 * tickMs

/**
 * Watches what does not happen: silence, missing media, a mute engine, a slow tool, a call without end. It counts time tick by
 * tick, so that a stalled event loop (or a clock many times too fast for it) uses up nobody's patience.
 */
export function createVigil(talk: Talk, options: LoopOptions & { engine: Engine }, moves: VigilMoves): Vigil {
  const { clock, conversation, engine } = options
  let steadyMs = 0
  let lastTickMs = clock.monotonic()
  let lastSoundMs = 0
  let lastMediaMs = 0
  let lastEngineMs = 0
  let unacknowledgedForMs = 0
  let lastDigitMs = 0
  let slowMs = 0
  let filled = false
  /** The line for that was asked for, once a turn: an engine that refuses it is not asked every 20 ms. */
  let prepared = false
  let digits = ''
  let undecided = 0
  let nudged = false
  let paused = false
  /** For how long the end has waited for somebody who seems to begin to speak. */
  let heldMs = 0
  /** Somebody waits for an answer until the session can be asked again. */
  let owed = false

  function watchAgent() {
    const heard = talk.audible() || talk.interruptions.speaking
    const busy = talk.toolsRunning > 0 || talk.held || options.desk.waits?.()
    if (heard || busy || paused) lastSoundMs = steadyMs
    if (talk.audible()) return
    if (talk.greeting === 'playing') talk.greetingIsOver()
    moves.silent()
  }

  function watchIdle() {
    if (talk.ending.by || steadyMs - lastSoundMs < conversation.idleSeconds * 1000) return
    lastSoundMs = steadyMs
    if (nudged) return talk.sayGoodbye('silence')
    nudged = true
    const { nudge } = conversation.phrases ?? {}
    talk.say('nudge', nudge, 'The caller is silent. Ask in one short sentence whether they are still there.')
  }

  function watchEngine(passedMs: number) {
    if (!talk.turns.busy || paused) lastEngineMs = steadyMs
    unacknowledgedForMs = talk.turns.unacknowledged && !paused ? unacknowledgedForMs + passedMs : 0
    const patienceMs = talk.playback.starved(clock.monotonic()) ? brokenOffMs : engineSilentMs
    if (steadyMs - lastEngineMs < patienceMs && unacknowledgedForMs < unacknowledgedMs) return
    lastEngineMs = steadyMs
    unacknowledgedForMs = 0
    moves.lost(new EngineLost('the engine fell silent'))
  }

  function watchMedia() {
    if (!talk.interruptions.speaking || steadyMs - lastMediaMs < mediaGapMs) return
    lastMediaMs = steadyMs
    const droppedMs = engine.appendAudio(Buffer.alloc(mediaGapMs * bytesPerMs, silence))
    moves.silenceFed(mediaGapMs - droppedMs)
  }

  /** A tool or the model takes long: a short line, once a turn. */
  function watchSlow(passedMs: number) {
    const waiting = talk.toolsAwaited > 0 || talk.turns.active?.kind === 'reply' || owed
    const mute = !talk.playback.busy || talk.playback.starved(clock.monotonic())
    const quiet = mute && !talk.interruptions.speaking && !talk.ending.by && !talk.held
    slowMs = waiting && quiet ? slowMs + passedMs : 0
    if (filled || slowMs < budgetsMs.llm!) return
    if (!prepared) talk.prepareFiller()
    prepared = true
    if (slowMs >= (conversation.fillerAfterMs ?? fillerAfterMs)) filled = talk.fill()
  }

  function watchDigits() {
    if (digits === '' || undecided > 0 || steadyMs - lastDigitMs < digitsPauseMs) return
    talk.note('user', `(The caller pressed ${digits} on the keypad.)`)
    digits = ''
    talk.prompt()
  }

  function turnBegan() {
    nudged = false
    // An "okay" to that line is not answered by another.
    if (talk.toolsAwaited > 0) return
    filled = false
    prepared = false
  }

  function watchEnd(passedMs: number) {
    const nowMs = clock.monotonic()
    if (nowMs - talk.startedMs >= conversation.maxDurationSeconds * 1000 && !talk.ending.firm) {
      talk.sayGoodbye('max_duration', true)
    }
    talk.watchRest()
    const busy = talk.audible() || talk.turns.busy || talk.toolsRunning > 0
    if (!talk.ending.by || busy) heldMs = 0
    const begins = talk.interruptions.begins && heldMs < longestHoldMs
    if (begins) heldMs += passedMs
    const leadSpeaks = talk.interruptions.speaking || moves.undecided() || begins
    if (talk.ending.due(nowMs, busy, leadSpeaks)) moves.hangUp(talk.ending.by!)
  }

  return {
    tick() {
      const nowMs = clock.monotonic()
      const passedMs = Math.min(maxTickMs, nowMs - lastTickMs)
      steadyMs += passedMs
      lastTickMs = nowMs
      watchAgent()
      watchIdle()
      watchMedia()
      watchSlow(passedMs)
      watchDigits()
      watchEnd(passedMs)
      watchEngine(passedMs)
      talk.transcript.tick(passedMs, talk.interruptions.speaking)
    },
    engineSpoke() {
      lastEngineMs = steadyMs
    },
    callerSpoke() {
      lastSoundMs = steadyMs
    },
    turnBegan,
    mediaCame() {
      lastMediaMs = steadyMs
    },
    digit(digit, decided) {
      undecided += 1
      const over = () => {
        undecided -= 1
      }
      decided.then(over, over)
      // Nobody was heard, and there they are.
      if (talk.ending.by === 'silence') talk.interrupt(clock.now())
      digits = (digits + digit).slice(-maxDigits)
      lastDigitMs = steadyMs
      lastSoundMs = steadyMs
      turnBegan()
    },
    pause(isOwed) {
      paused = true
      owed = isOwed
    },
    resume() {
      paused = false
      owed = false
      lastEngineMs = steadyMs
      lastSoundMs = steadyMs
    },
  }
}
