import type { Clock } from '../clock.ts'
import type { EngineEvent } from './engine-events.ts'
import { isBackchannel } from './interruptions.ts'
import { bytesPerMs } from './mulaw.ts'
import type { Talk } from './talk.ts'

export interface Hearing {
  onEvent(event: Extract<EngineEvent, { type: 'speech_started' | 'speech_stopped' | 'committed' | 'heard' }>): void
  onFrame(frame: Buffer, atMs: number): void
  /** So much silence was put between the caller's frames, which the engine counts and the stream does not. */
  silenceFed(ms: number): void
  /** The agent has fallen silent: speech that it talked over may still want an answer. */
  onSilence(): void
  /** A new session counts its audio from zero. */
  restart(): void
}

/** Speech over the agent that did not cut it. */
interface Unanswered {
  item: string
  endedMs: number
  opening: boolean
  /** Undefined until its words are known. */
  backchannel?: boolean
}

/** A "yes" this close to the agent's last word was an answer to it. */
const answerWindowMs = 1_500

/** What the caller's speech does to the conversation: take the turn, cut the agent, or let it speak on. */
export function createHearing(talk: Talk, clock: Clock): Hearing {
  const { interruptions, stopwatch, transcript, turns } = talk
  let startedAt = 0
  /** What this session of the engine was given, and how much later in the stream that stands. */
  let appendedMs = 0
  let offsetMs = 0
  let unanswered: Unanswered | null = null

  function committed(item: string) {
    if (talk.audible()) unanswered = { item, endedMs: talk.streamMs(), opening: interruptions.opening }
    else talk.reply()
  }

  function heard(item: string, text: string) {
    transcript.leadSaid(item, text)
    stopwatch.transcribed()
    if (unanswered?.item !== item) return
    unanswered.backchannel = isBackchannel(text)
    // Short but meant ("no, wait"): the words cut where the length did not.
    const meant = !unanswered.backchannel && !unanswered.opening && talk.interruptible() && !talk.ending.by
    if (!meant || !talk.audible()) return
    unanswered = null
    talk.interrupt(startedAt)
    talk.reply()
  }

  return {
    onEvent(event) {
      switch (event.type) {
        case 'speech_started':
          startedAt = clock.now()
          interruptions.started(offsetMs + event.atMs)
          transcript.leadBegan(event.item, offsetMs + event.atMs)
          return
        case 'speech_stopped':
          interruptions.stopped()
          stopwatch.speechStopped()
          return
        case 'committed':
          return committed(event.item)
        case 'heard':
          return heard(event.item, event.text)
      }
    },
    onFrame(frame, atMs) {
      talk.mediaCame(atMs)
      offsetMs = atMs - appendedMs
      appendedMs += frame.length / bytesPerMs
      const agent = {
        audible: talk.audible(),
        interruptible: talk.interruptible(),
        patient: talk.ending.by !== null,
      }
      if (interruptions.frame(frame, agent)) talk.interrupt(startedAt)
    },
    silenceFed(ms) {
      appendedMs += ms
    },
    onSilence() {
      if (!unanswered || turns.busy) return
      const { backchannel, endedMs, opening } = unanswered
      unanswered = null
      const answered = talk.streamMs() - endedMs < answerWindowMs
      if (!opening && (backchannel !== true || answered)) talk.reply()
    },
    restart() {
      interruptions.stopped()
      transcript.leadLost()
      appendedMs = 0
      unanswered = null
    },
  }
}
