import type { MediaStream } from '../carrier/port.ts'
import { pause, within } from '../clock.ts'
import type { Engine } from './engine.ts'
import { bytesPerMs, silence } from './mulaw.ts'
import type { EndedBy, LoopOptions } from './port.ts'
import type { Sessions } from './sessions.ts'
import type { Talk } from './talk.ts'

/** How long the carrier may take to hang up before we drop the stream, which ends the call too. */
const hangUpMs = 60_000
/** How long the caller's last words are waited for. */
const lastWordsMs = 3_000
/** Longer than the engine's own pause between turns. */
const closingSilenceMs = 1_000
/** How long the desk may take to finish what it was asked before. */
const pendingMs = 60_000
/** And a disk to take what is left of the recording: one that hangs holds up no outcome. */
const recordingMs = 20_000

export interface WrapUp extends LoopOptions {
  stream: MediaStream
  engine: Engine
  talk: Talk
  sessions: Pick<Sessions, 'unheard' | 'close'>
  by: EndedBy
  /** The line still stands, for all we know. */
  lineOpen: boolean
  pending: ReadonlySet<Promise<void>>
  detail(): string
}

/**
 * Ends a conversation: the line first, then the last words, then the books. `desk.ended` is called exactly once, after
 * every turn was reported. Rejects as `desk.ended` does.
 */
export async function wrapUp(options: WrapUp): Promise<void> {
  const faults: string[] = []
  const note = (error: unknown) => {
    faults.push(error instanceof Error ? error.message : String(error))
  }
  await closeAll(options, note).catch(note)
  const detail = [options.detail(), ...faults].filter(Boolean).join('; ')
  await options.desk.ended(options.by, detail === '' ? undefined : detail)
}

async function closeAll(options: WrapUp, note: (error: unknown) => void): Promise<void> {
  const { lineOpen, clock, desk, engine, recorder, sessions, stream, talk } = options
  const nowMs = clock.monotonic()
  desk.lineClosed()
  for (const cut of talk.playback.cut(nowMs)) talk.transcript.agentCut(cut.item, cut)
  recorder?.cutAgent(talk.earMs(nowMs))
  // Words in the midst of which the line went are words too: a pause closes their turn.
  const isOpen = talk.interruptions.speaking || sessions.unheard
  if (isOpen) engine.appendAudio(Buffer.alloc(closingSilenceMs * bytesPerMs, silence))

  if (lineOpen) await within(clock, hangUpMs, desk.hangUp(options.by).catch(note))
  stream.close()
  const awaited = () => talk.transcript.awaited > 0 || sessions.unheard
  for (let waitedMs = 0; awaited() && waitedMs < lastWordsMs; waitedMs += 100) await pause(clock, 100)
  sessions.close()
  engine.close()
  talk.transcript.close()
  talk.stopwatch.close()
  await within(clock, pendingMs, Promise.all(options.pending))
  if (recorder && !(await within(clock, recordingMs, recorder.close().catch(note))))
    note(new Error('the recording was not written in time'))
}
