import type { ConversationItem } from 'openai/resources/realtime/realtime'
import type { Speech } from '../speech/speech.ts'
import type { Timers } from '../timers.ts'
import { type Entry, newId } from './conversation.ts'
import type { Outlet } from './output.ts'
import { Refusal } from './shape.ts'
import { createVad, type ServerVad } from './vad.ts'

/** The caller's side of a session: audio comes in, turns come out as user items with their transcripts. */
export interface Turns {
  append(audio: Buffer): void
  /** @throws {Refusal} on less than 100 ms of audio */
  commit(): void
  clear(): void
  /** A response is over; its audio plays for so long. */
  answered(playedMs: number): void
}

export interface TurnsOptions extends Outlet {
  vad(): ServerVad | null
  /** Whether what is heard is told in words. */
  transcribes(): boolean
  speech: Speech
  timers: Timers
  /** Speech begins. */
  started(): void
  /** A turn was committed by the server, after speech or after the idle timeout. */
  stopped(because: 'speech' | 'timeout'): void
  /** Whether a response is being made. */
  answering(): boolean
}

const TRANSCRIPTION_MS = 120

/** Adds a whole item and says so: SDK types ConversationItemAdded and ConversationItemDone. */
export function addItem({ conversation, send }: Outlet, entry: Entry, previousId?: string): void {
  const previous_item_id = conversation.add(entry, previousId)
  send({ type: 'conversation.item.added', previous_item_id, item: entry.item })
  send({ type: 'conversation.item.done', previous_item_id, item: entry.item })
}

export function createTurns(options: TurnsOptions): Turns {
  const { conversation, speech, timers, send } = options
  let turnId = newId('item')
  let idleAtMs = Number.POSITIVE_INFINITY

  const vad = createVad(options.vad, {
    started(audio_start_ms) {
      idleAtMs = Number.POSITIVE_INFINITY
      send({ type: 'input_audio_buffer.speech_started', audio_start_ms, item_id: turnId })
      options.started()
    },
    stopped(audio_end_ms) {
      send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms, item_id: turnId })
      turn()
      options.stopped('speech')
    },
  })

  /** The buffered audio becomes a user item; its transcript follows on its own time. */
  function turn(): void {
    const id = turnId
    turnId = newId('item')
    const audio = vad.take()
    const heard = speech.recognize(audio)
    const content = [{ type: 'input_audio' as const }]
    const item: ConversationItem = {
      id,
      object: 'realtime.item',
      type: 'message',
      role: 'user',
      status: 'completed',
      content,
    }
    send({ type: 'input_audio_buffer.committed', previous_item_id: conversation.lastId, item_id: id })
    addItem(options, { id, item, heard })
    if (options.transcribes()) {
      timers.after(TRANSCRIPTION_MS, () => transcribed(id, heard, audio.length / 8000))
    }
  }

  function transcribed(item_id: string, transcript: string, seconds: number): void {
    for (const delta of transcript.match(/\s*\S+/g) ?? []) {
      send({ type: 'conversation.item.input_audio_transcription.delta', item_id, content_index: 0, delta })
    }
    send({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id,
      content_index: 0,
      transcript,
      usage: { type: 'duration', seconds: Math.ceil(seconds) },
    })
  }

  /** SDK type InputAudioBufferTimeoutTriggered: nobody spoke for `idle_timeout_ms` after the last response was heard. */
  function timeOut(): void {
    const audio_start_ms = idleAtMs - (options.vad()?.idle_timeout_ms ?? 0)
    idleAtMs = Number.POSITIVE_INFINITY
    send({ type: 'input_audio_buffer.timeout_triggered', audio_start_ms, audio_end_ms: vad.elapsedMs, item_id: turnId })
    turn()
    options.stopped('timeout')
  }

  return {
    append(audio) {
      vad.push(audio)
      if (vad.elapsedMs >= idleAtMs && !vad.speaking && !options.answering()) timeOut()
    },
    commit() {
      const ms = vad.buffered.length / 8
      if (ms < 100) throw emptyCommit(ms)
      turn()
    },
    clear() {
      vad.take()
      send({ type: 'input_audio_buffer.cleared' })
    },
    answered(playedMs) {
      // "set to the response.done time plus audio playback duration" (ServerVad.idle_timeout_ms).
      const idleMs = options.vad()?.idle_timeout_ms
      idleAtMs = idleMs ? vad.elapsedMs + playedMs + idleMs : Number.POSITIVE_INFINITY
    },
  }
}

function emptyCommit(ms: number): Refusal {
  const expected = `Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`
  const message = `Error committing input audio buffer: buffer too small. ${expected}`
  return new Refusal('input_audio_buffer_commit_empty', message)
}
