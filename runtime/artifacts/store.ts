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

/** The recording of the call's last answered attempt; null when there is none (any more). `callId` was checked by its signature. */
export async function readRecording(
  config: Config,
  callId: string,
): Promise<{ bytes: number; stream: ReadStream } | null> {
  const names = await readdir(folderOf(config)).catch(() => [])
  const attemptOf = (name: string) => Number(name.split('.')[1])
  const mine = names.filter((name) => name.startsWith(`${callId}.`))
  const last = mine.toSorted((a, b) => attemptOf(a) - attemptOf(b)).at(-1)
  if (!last) return null
  const path = join(folderOf(config), last)
  return { bytes: (await stat(path)).size, stream: createReadStream(path) }
}
