import type OpenAI from 'openai'
import { EngineLost } from '../engine-events.ts'
import type { Conversation } from '../port.ts'
import { begin, type StageOptions, stageFailure } from './stage.ts'
import { createTelephone } from './telephone.ts'

export interface SpeechSettings {
  client: OpenAI
  model: string
  conversation: Pick<Conversation, 'voice' | 'speed' | 'manner' | 'language'>
}

export const noSpeech = 'no speech came'
const usualManner = 'Speak clearly and in a friendly way, without haste.'

/** The older models take no instructions. */
const takesInstructions = (model: string) => !model.startsWith('tts-1')

/**
 * A sentence as μ-law audio, in pieces as they come. Resolves with the first of them; the rest is read at the listener's pace.
 * @throws EngineRefused or EngineLost, at the first piece or between pieces
 */
export async function speak(
  { client, model, conversation: { voice, speed, manner = usualManner, language } }: SpeechSettings,
  sentence: string,
  options: StageOptions,
): Promise<AsyncIterable<Buffer>> {
  const { body, first } = await begin(options, async (signal) => {
    const response = await client.audio.speech.create(
      {
        ...{ model, voice, input: sentence, response_format: 'pcm' },
        ...(speed === undefined ? {} : { speed }),
        ...(takesInstructions(model) ? { instructions: `You are on the telephone. Speak ${language}. ${manner}` } : {}),
      },
      { signal },
    )
    const body = response.body!.getReader()
    const first = await body.read()
    if (first.done) throw new EngineLost(noSpeech)
    return { body, first }
  })
  return (async function* () {
    const telephone = createTelephone()
    try {
      for (let piece: Awaited<ReturnType<typeof body.read>> = first; !piece.done; piece = await body.read())
        yield telephone.push(Buffer.from(piece.value))
      yield telephone.end()
    } catch (error) {
      throw stageFailure(error)
    } finally {
      body.cancel().catch(() => {})
    }
  })()
}
