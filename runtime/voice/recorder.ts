import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { bytesPerMs, silence } from './mulaw.ts'
import type { Recorder } from './port.ts'

/** A recorder that tells whether it could keep up: `close` rejects when a write had failed. */
export type WavRecorder = Recorder & {
  /** Length so far of what is beyond recall, in milliseconds. */
  readonly writtenMs: number
}

/** How long audio may still be changed by a cut before it is written. More than the lead of the playback plus a late mark. */
const holdMs = 2_000
/** Written at least this much at a time. */
const chunkMs = 500
/** Two minutes that the target did not take: it will not. */
const maxUnwrittenBytes = 2_000_000
/** As long as the carrier lets any call last (Twilio's `TimeLimit` is four hours); the rest of a longer one is not kept. */
const maxMs = 4 * 3_600_000
/** A frame that claims to be so much later than the last one is not believed: the silence between would have to be written. */
const maxLeapMs = 10 * 60_000
export const headerBytes = 58
/** Two channels of a byte a sample. */
export const wavBytesPerMs = 2 * bytesPerMs

/**
 * Records both sides of a call as a stereo G.711 μ-law WAV at 8 kHz: left the lead, right the agent as heard.
 * `target` is a path, whose header is set right at close, or a writable, which is ended and keeps the header of an unfinished
 * recording (sizes 0xFFFFFFFF, which players read to the end of the file: so does one after a crash).
 */
export function openRecorder(target: string | Writable): WavRecorder {
  const out = typeof target === 'string' ? createWriteStream(target) : target
  let failure: Error | undefined
  out.on('error', (error: Error) => {
    failure ??= error
  })
  out.write(wavHeader(null))
  const window = createWindow()
  let writtenMs = 0
  let closed = false

  const flush = (untilMs: number) => {
    const ms = Math.min(untilMs, maxMs) - writtenMs
    if (ms <= 0) return
    const audio = window.take(ms)
    writtenMs += ms
    if (out.writableLength > maxUnwrittenBytes) failure ??= new Error('the recording could not be written in time')
    if (!failure) out.write(audio)
  }
  const put = (channel: 0 | 1, frame: Buffer, atMs: number) => {
    const at = Math.round(atMs)
    if (closed || at + frame.length / bytesPerMs > Math.min(maxMs, writtenMs + maxLeapMs)) return
    if (at - holdMs - writtenMs >= chunkMs) flush(at - holdMs)
    window.put(channel, frame, at - writtenMs)
  }
  return {
    lead: (frame, atMs) => put(0, frame, atMs),
    agent: (frame, atMs) => put(1, frame, atMs),
    cutAgent: (atMs) => window.silenceAfter(Math.max(0, Math.round(atMs) - writtenMs)),
    get writtenMs() {
      return writtenMs
    },
    async close() {
      if (closed) return
      closed = true
      flush(writtenMs + window.lengthMs)
      await new Promise<void>((resolve) => out.end(() => resolve()).once('error', () => resolve()))
      if (failure) throw failure
      if (typeof target === 'string') await setHeader(target, writtenMs)
    },
  }
}

/** A few seconds of both channels, interleaved, that may still change. */
function createWindow() {
  const capacityMs = holdMs * 4
  let samples = Buffer.alloc(capacityMs * bytesPerMs * 2, silence)
  let lengthMs = 0
  return {
    /** `atMs` from the window's begin; what lies before it is too late and dropped. */
    put(channel: 0 | 1, frame: Buffer, atMs: number): void {
      for (let index = 0; index < frame.length; index += 1) {
        const position = (atMs * bytesPerMs + index) * 2 + channel
        if (position >= 0 && position < samples.length) samples[position] = frame[index]!
      }
      lengthMs = Math.min(capacityMs, Math.max(lengthMs, atMs + Math.ceil(frame.length / bytesPerMs)))
    },
    silenceAfter(atMs: number): void {
      for (let position = atMs * bytesPerMs * 2 + 1; position < samples.length; position += 2)
        samples[position] = silence
    },
    /** The first `ms`, with silence where nothing was said; the window moves on. */
    take(ms: number): Buffer {
      const taken = Buffer.alloc(ms * bytesPerMs * 2, silence)
      samples.copy(taken, 0, 0, Math.min(taken.length, samples.length))
      const rest = Buffer.alloc(samples.length, silence)
      if (taken.length < samples.length) samples.copy(rest, 0, taken.length)
      samples = rest
      lengthMs = Math.max(0, lengthMs - ms)
      return taken
    },
    get lengthMs() {
      return lengthMs
    },
  }
}

/**
 * RIFF/WAVE with format 7 (μ-law), which asks for an 18-byte `fmt ` and a `fact` chunk
 * (Microsoft, "Multiple channel audio data and WAVE files"; RFC 2361). Null: the length is not known yet.
 */
export function wavHeader(lengthMs: number | null): Buffer {
  const dataBytes = lengthMs === null ? null : lengthMs * wavBytesPerMs
  const header = Buffer.alloc(headerBytes)
  header.write('RIFF', 0)
  header.writeUInt32LE(dataBytes === null ? 0xffffffff : headerBytes - 8 + dataBytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(18, 16)
  header.writeUInt16LE(7, 20)
  header.writeUInt16LE(2, 22)
  header.writeUInt32LE(8_000, 24)
  header.writeUInt32LE(16_000, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(8, 34)
  header.writeUInt16LE(0, 36)
  header.write('fact', 38)
  header.writeUInt32LE(4, 42)
  header.writeUInt32LE(lengthMs === null ? 0xffffffff : lengthMs * bytesPerMs, 46)
  header.write('data', 50)
  header.writeUInt32LE(dataBytes === null ? 0xffffffff : dataBytes, 54)
  return header
}

async function setHeader(path: string, lengthMs: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(wavHeader(lengthMs), 0, headerBytes, 0)
  } finally {
    await file.close()
  }
}
