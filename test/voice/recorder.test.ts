import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRecorder, wavHeader } from '../../runtime/voice/recorder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talkif-recorder-'))
})
afterAll(() => rm(folder, { recursive: true }))

const frame = (byte: number) => Buffer.alloc(160, byte)
const channel = (wav: Buffer, side: 0 | 1) => wav.subarray(58).filter((_, index) => index % 2 === side)
const at = (wav: Buffer, side: 0 | 1, ms: number) => channel(wav, side)[ms * 8]

test('two channels, aligned, silent where nobody spoke, with a header that says so', async () => {
  const path = join(folder, 'call.wav')
  const recorder = openRecorder(path)
  recorder.lead(frame(1), 0)
  recorder.agent(frame(2), 40)
  recorder.lead(frame(3), 10_000)
  await recorder.close()
  const wav = await readFile(path)
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
  expect(wav.readUInt32LE(4)).toBe(wav.length - 8)
  expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24)]).toEqual([7, 2, 8_000])
  expect(wav.readUInt32LE(54)).toBe(wav.length - 58)
  expect(wav.length).toBe(58 + 10_020 * 16)
  expect([at(wav, 0, 0), at(wav, 0, 30), at(wav, 0, 10_000)]).toEqual([1, 0xff, 3])
  expect([at(wav, 1, 0), at(wav, 1, 40), at(wav, 1, 60)]).toEqual([0xff, 2, 0xff])
})

test('what was cut was not heard', async () => {
  const path = join(folder, 'cut.wav')
  const recorder = openRecorder(path)
  for (let ms = 0; ms < 1_000; ms += 20) recorder.agent(frame(2), ms)
  recorder.cutAgent(500)
  recorder.lead(frame(1), 980)
  await recorder.close()
  const wav = await readFile(path)
  expect([at(wav, 1, 499), at(wav, 1, 500), at(wav, 1, 990)]).toEqual([2, 0xff, 0xff])
})

test('grows as it is written, and what a crash leaves is readable', async () => {
  const chunks: Buffer[] = []
  const recorder = openRecorder(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done()
      },
    }),
  )
  for (let ms = 0; ms < 10_000; ms += 20) recorder.lead(frame(7), ms)
  const wav = Buffer.concat(chunks)
  expect(recorder.writtenMs).toBeGreaterThan(7_000)
  expect(wav.length).toBe(58 + recorder.writtenMs * 16)
  expect(wav.subarray(0, 58)).toEqual(wavHeader(null))
  expect(at(wav, 0, 5_000)).toBe(7)
  await recorder.close()
})

test('a target that fails is told at close, not before', async () => {
  const recorder = openRecorder(
    new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('disk full'))
      },
    }),
  )
  for (let ms = 0; ms < 10_000; ms += 20) recorder.lead(frame(7), ms)
  await expect(recorder.close()).rejects.toThrow('disk full')
})

test('audio out of all bounds is dropped', async () => {
  const path = join(folder, 'bounds.wav')
  const recorder = openRecorder(path)
  recorder.lead(frame(1), -500)
  recorder.lead(frame(1), 10 * 3_600_000)
  recorder.lead(frame(1), 20)
  await recorder.close()
  recorder.lead(frame(1), 40)
  expect((await readFile(path)).length).toBe(58 + 40 * 16)
})

test('a full disk ends the recording, which is told at close, and nothing else', async () => {
  // Linux: every write to it fails with ENOSPC.
  const recorder = openRecorder('/dev/full')
  for (let ms = 0; ms < 20_000; ms += 20) recorder.lead(frame(7), ms)
  await new Promise((resolve) => setImmediate(resolve))
  for (let ms = 20_000; ms < 40_000; ms += 20) recorder.lead(frame(7), ms)
  await expect(recorder.close()).rejects.toThrow('ENOSPC')
})

test('more than an hour is kept', async () => {
  let bytes = 0
  const recorder = openRecorder(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        done()
      },
    }),
  )
  const minutes = 75
  for (let minute = 0; minute <= minutes; minute += 1) recorder.lead(frame(7), minute * 60_000)
  await recorder.close()
  const ms = minutes * 60_000 + 20
  expect([bytes, recorder.writtenMs]).toEqual([58 + ms * 16, ms])
})
