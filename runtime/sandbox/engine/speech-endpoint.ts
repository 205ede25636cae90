import type { ServerResponse } from 'node:http'
import type { SpeechCreateParams } from 'openai/resources/audio/speech'
import { toStudio } from '../speech/mulaw.ts'
import { type Speech, sentences } from '../speech/speech.ts'
import type { Timers } from '../timers.ts'
import { either, number, object, oneOf, Refusal, type Shape, text } from './shape.ts'

/** `audio/speech`, field by field, after the SDK's own types (`SpeechCreateParams`). */

const builtIn = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'fable',
  'onyx',
  'nova',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
]
const INPUT_MAX = 4096

const input: Shape = (value, at) => {
  text(value, at)
  const { length } = value as string
  const told = `Invalid '${at}': string too ${length === 0 ? 'short' : 'long'}.`
  if (length === 0) throw new Refusal('string_below_min_length', told, at)
  if (length > INPUT_MAX) throw new Refusal('string_above_max_length', told, at)
}

const request = object({
  'model!': text,
  'input!': input,
  'voice!': either(object({ 'id!': text }), oneOf(...builtIn)),
  instructions: text,
  response_format: oneOf('mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'),
  speed: number(0.25, 4),
  stream_format: oneOf('sse', 'audio'),
})

/** @throws {Refusal} in the API's words at the first fault, and for what the sandbox lacks */
export function parseSpeechRequest(raw: unknown): SpeechCreateParams {
  request(raw, '')
  const params = raw as SpeechCreateParams
  if (params.response_format !== 'pcm' || (params.stream_format ?? 'audio') !== 'audio') {
    throw new Refusal(
      'sandbox_unsupported',
      'The real API takes other formats, the sandbox only pcm.',
      'response_format',
    )
  }
  if (params.instructions !== undefined && params.model.startsWith('tts-1')) {
    throw new Refusal('invalid_value', `The model ${params.model} takes no instructions.`, 'instructions')
  }
  return params
}

export interface SpeakOptions {
  response: ServerResponse
  speech: Speech
  /** On the engine's pace. */
  timers: Timers
  /** From request to first audio, in milliseconds of conversation. */
  latencyMs: number
}

/** Audio leaves in bursts of about this much, much faster than it plays, cut in the middle of a sample now and then. */
const BURST_BYTES = 19_199
const BURST_EVERY_MS = 40

/** Streams the words as 24 kHz PCM, 16 bits, little-endian, without a header. */
export async function speakTo(
  { response, speech, timers, latencyMs }: SpeakOptions,
  params: SpeechCreateParams,
): Promise<void> {
  const later = (ms: number) => new Promise<void>((resolve) => timers.after(ms, resolve))
  const parts = await Promise.all(sentences(params.input).map((part) => speech.say('agent', part)))
  const pcm = toStudio(Buffer.concat(parts))
  await later(latencyMs)
  response.writeHead(200, { 'Content-Type': 'audio/pcm', 'Transfer-Encoding': 'chunked' })
  for (let at = 0; at < pcm.length; at += BURST_BYTES) {
    response.write(pcm.subarray(at, at + BURST_BYTES))
    await later(BURST_EVERY_MS)
  }
  response.end()
}
