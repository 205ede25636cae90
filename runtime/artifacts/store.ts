import { createReadStream, type ReadStream } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { openRecorder, type WavRecorder } from '../voice/recorder.ts'

const folderOf = (config: Config) => join(config.dataDir, 'recordings')

/** A recording that is written as the call goes on; readable after a crash up to its last half second. */
export async function openRecordingFile(config: Config, callId: string, attempt: number): Promise<WavRecorder> {
  await mkdir(folderOf(config), { recursive: true })
  return openRecorder(join(folderOf(config), `${callId}.${attempt}.wav`))
}

export interface Recording {
  /** As long as it was when it was looked up; a call that goes on makes it longer. */
  bytes: number
  /** Another one for other bytes. */
  version: string
  /** The bytes `from` to `to`, both included. */
  read(from: number, to: number): ReadStream
}

/** The recording of the call's last answered attempt; null when there is none (any more). `callId` was checked by its signature. */
export async function readRecording(config: Config, callId: string): Promise<Recording | null> {
  const names = await readdir(folderOf(config)).catch(() => [])
  const attemptOf = (name: string) => Number(name.split('.')[1])
  const mine = names.filter((name) => name.startsWith(`${callId}.`))
  const last = mine.toSorted((a, b) => attemptOf(a) - attemptOf(b)).at(-1)
  if (!last) return null
  const path = join(folderOf(config), last)
  const { size, mtimeMs } = await stat(path)
  return { bytes: size, version: `${size}-${mtimeMs}`, read: (start, end) => createReadStream(path, { start, end }) }
}
