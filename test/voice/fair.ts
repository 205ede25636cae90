import type { Timer } from '../../runtime/clock.ts'
import { EngineLost } from '../../runtime/voice/engine-events.ts'
import type { converse } from './scripted.ts'
import { asks, loud, ms, quiet } from './scripted.ts'

/** How the engine makes one response, in milliseconds and in order. */
export interface Making {
  beginsMs: number
  speaksMs: number
  audioMs: number
  endsMs: number
  tool: string
  saysAudioDone: boolean
  fails: boolean
}

export interface Utterance {
  afterMs: number
  lengthMs: number
  words: string | null
  /** Null: they never come. */
  wordsMs: number | null
}

type Talk = ReturnType<typeof converse>

const reopensMs = 400

/**
 * An engine that does, in the end, all that it is asked for: one response at a time, each made as planned. What it hears while there is
 * no session it tells once there is one, as the next session does of the audio that it is given again.
 * @param lossesMs when a session is lost, and soon replaced
 */
export function fairEngine({ calls, tell, time }: Talk, plan: readonly Making[], lossesMs: readonly number[]) {
  let read = 0
  let made = 0
  let active: { response: string; timers: Timer[] } | undefined
  let ears: (() => void)[] | undefined
  let again = () => {}
  const after = (delayMs: number, run: () => void) => time.clock.setTimeout(run, delayMs)

  function end(failure: string | null, tool = '') {
    const { response, timers } = active!
    for (const timer of timers) time.clock.clearTimeout(timer)
    active = undefined
    const toolCalls = tool ? [{ callId: `c${made}`, name: tool, arguments: '{}' }] : []
    tell({ type: 'response_done', response, failure, toolCalls })
    look()
  }

  function drop() {
    for (const timer of active?.timers ?? []) time.clock.clearTimeout(timer)
    active = undefined
    ears ??= []
  }

  function lose() {
    if (ears) return
    drop()
    tell({ type: 'lost', error: new EngineLost('closed with 1006') })
    look()
  }

  function stands() {
    const waiting = ears ?? []
    ears = undefined
    tell({ type: 'ready' })
    again()
    for (const tellOf of waiting) tellOf()
    look()
  }

  function begin({ beginsMs, speaksMs, audioMs, endsMs, tool, saysAudioDone, fails }: Making) {
    made += 1
    const response = `r${made}`
    const item = `i${made}`
    const timers: Timer[] = []
    active = { response, timers }
    const at = (delayMs: number, run: () => void) => timers.push(after(delayMs, run))
    at(beginsMs, () => {
      tell({ type: 'response_started', response })
      look()
    })
    const says = audioMs > 0 || tool === ''
    if (says) {
      at(beginsMs + speaksMs, () => {
        tell({ type: 'text', response, item, delta: `answer ${made}` })
        tell({ type: 'audio', response, item, audio: ms(Math.max(200, audioMs)) })
        if (saysAudioDone) tell({ type: 'audio_done', response, item })
        look()
      })
    }
    at(beginsMs + speaksMs + endsMs, () => end(fails ? 'server_error' : null, fails ? '' : tool))
  }

  /** Reads what was sent since. */
  function look() {
    while (read < calls.length) {
      const call = calls[read++]!
      if (call.startsWith('ask')) begin(plan[made % plan.length]!)
      else if (call === `cancel ${active?.response}`) end(null)
      else if (call.startsWith('reopen')) {
        // Given up by the other side, perhaps.
        drop()
        after(reopensMs, stands)
      }
    }
  }

  begin(plan[0]!)
  for (const atMs of lossesMs) after(atMs, lose)
  return {
    look,
    /** Tells what it hears, or will once there is a session. */
    hears(tellOf: () => void) {
      if (ears) ears.push(tellOf)
      else tellOf()
      look()
    },
    /** What the next session hears of what is being said when this one is lost. */
    heardAgain(run: () => void) {
      again = run
    },
    /** It needs to be heard no more. */
    understood(run: () => void) {
      if (again === run) again = () => {}
    },
  }
}

export const asksOf = ({ calls }: Pick<Talk, 'calls'>): number => asks(calls).length

/** The caller says all that, while the engine goes on. @returns when the last of it was said, and how to go on */
export async function speakAll(talk: Talk, engine: ReturnType<typeof fairEngine>, all: readonly Utterance[]) {
  const { line, tell, time } = talk
  const pass = async (forMs: number) => {
    for (let passed = 0; passed < forMs && talk.ended.length === 0; passed += 20) {
      await time.pass(20)
      engine.look()
    }
  }
  let saidAtMs = 0
  /** How often the agent was asked to speak until then; null where the line had dropped before they began, or the call was over. */
  let askedBefore: number | null = 0
  /** The agent had been heard when they began: sounds before that whose words never come are a hello. */
  let greeted = false
  for (const [at, { afterMs, lengthMs, words, wordsMs }] of all.entries()) {
    await pass(afterMs)
    let item = `u${at}`
    const hasLine = talk.steps.every(({ step }) => step !== 'hangUp')
    greeted = talk.turns.some(({ role }) => role === 'agent')
    const beganMs = time.monotonic()
    /** On the clock of the session that tells it, which counts what it was given. */
    const begin = () => {
      const givenMs = (line.appended - line.sessionFrom) * 20
      tell({ type: 'speech_started', item, atMs: Math.max(0, givenMs - (time.monotonic() - beganMs)) })
    }
    line.mouth = loud
    engine.hears(begin)
    engine.heardAgain(() => {
      item += '+'
      begin()
    })
    await pass(lengthMs)
    line.mouth = quiet
    await pass(500)
    saidAtMs = time.monotonic()
    askedBefore = hasLine && talk.ended.length === 0 ? asksOf(talk) : null
    const stop = () => {
      tell({ type: 'speech_stopped', item, atMs: time.monotonic() })
      tell({ type: 'committed', item })
    }
    engine.hears(stop)
    if (wordsMs === null) {
      engine.heardAgain(() => {})
      continue
    }
    // What a lost session was transcribing the next one hears again.
    const hearAgain = () => {
      item += '+'
      begin()
      stop()
    }
    engine.heardAgain(hearAgain)
    await pass(wordsMs)
    engine.hears(() => {
      tell({ type: 'heard', item, text: words })
      engine.understood(hearAgain)
    })
  }
  return { pass, saidAtMs, askedBefore, greeted }
}
