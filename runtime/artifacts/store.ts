import { createReadStream } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Config } from '../config.ts'
import { headerBytes, openRecorder, type WavRecorder, wavBytesPerMs, wavHeader } from '../voice/recorder.ts'
import { recordingOf } from './links.ts'

const folderOf = (config: Config) => join(config.dataDir, 'recordings')

/** A recording that is written as the call goes on; readable after a crash up to its last half second. */
export async function openRecordingFile(config: Config, callId: string, attempt: number): Promise<WavRecorder> {
  await mkdir(folderOf(config), { recursive: true })
  return openRecorder(join(folderOf(config), `${recordingOf(callId, attempt)}.wav`))
}

export interface Recording {
  /** As long as it was when it was looked up; a call that goes on makes it longer. */
  bytes: number
  /** Another one for other bytes. */
  version: string
  /** The bytes `from` to `to`, both included. */
  read(from: number, to: number): Readable
}

/**
 * A recording; null when it is not there (any more).
 * @param of the name of one, or a call's id for that of its last answered attempt; it was checked by its signature.
 */
export async function readRecording(config: Config, of: string): Promise<Recording | null> {
  const names = await readdir(folderOf(config)).catch(() => [])
  const attemptOf = (name: string) => Number(name.split('.')[1])
  const mine = names.filter((name) => name.startsWith(`${of}.`))
  const last = mine.toSorted((a, b) => attemptOf(a) - attemptOf(b)).at(-1)
  if (!last) return null
  return openRecording(join(folderOf(config), last))
}

async function openRecording(path: string): Promise<Recording> {
  const file = await open(path)
  try {
    const { size, mtimeMs } = await file.stat()
    const version = `${size}-${mtimeMs}`
    const { buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    if (size < headerBytes || !buffer.equals(wavHeader(null)))
      return { bytes: size, version, read: (start, end) => createReadStream(path, { start, end }) }
    // It goes on, or its process died: sent as what is there, whole milliseconds of it.
    const ms = Math.floor((size - headerBytes) / wavBytesPerMs)
    const bytes = headerBytes + ms * wavBytesPerMs
    return { bytes, version, read: (from, to) => Readable.from(withHeader(wavHeader(ms), path, from, to)) }
  } finally {
    await file.close()
  }
}

/** The bytes `from` to `to` of a file whose first ones are to be others. */
async function* withHeader(header: Buffer, path: string, from: number, to: number): AsyncGenerator<Buffer> {
  if (from < header.length) yield header.subarray(from, to + 1)
  const start = Math.max(from, header.length)
  if (start <= to) yield* createReadStream(path, { start, end: to })
}
