import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WASI } from 'node:wasi'
import { parentPort, workerData } from 'node:worker_threads'
import { toTelephone } from './mulaw.ts'

/** Renders speech off the event loop: flite (WASI) writes a WAV, which leaves here as telephone audio. */

interface Job {
  id: number
  voice: string
  text: string
}

/** The part of the WebAssembly global used here; its types come only with TypeScript's browser library. */
interface WebAssemblyGlobal {
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<object>
}

const port = parentPort!
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal }
const { wasm, folder } = workerData as { wasm: string; folder: string }
const flite = WebAssembly.compile(readFileSync(wasm))

port.on('message', async ({ id, voice, text }: Job) => {
  try {
    const audio = toTelephone(await synthesize(voice, text))
    port.postMessage({ id, audio })
  } catch (error) {
    port.postMessage({ id, error: String(error) })
  }
})

/** @throws when flite fails or writes something that is not 16 kHz mono PCM */
async function synthesize(voice: string, text: string): Promise<Int16Array> {
  const args = ['flite', '-voice', voice, '-t', text, '-o', '/speech.wav']
  const wasi = new WASI({ version: 'preview1', args, preopens: { '/': folder }, returnOnExit: true })
  const instance = await WebAssembly.instantiate(await flite, wasi.getImportObject())
  const code = wasi.start(instance)
  if (code !== 0) throw new Error(`flite exited with ${code}`)
  const wav = readFileSync(join(folder, 'speech.wav'))
  if (wav.readUInt32LE(24) !== 16000 || wav.readUInt16LE(22) !== 1) throw new Error('flite wrote another format')
  return Int16Array.from({ length: (wav.length - 44) >> 1 }, (_, i) => wav.readInt16LE(44 + i * 2))
}
