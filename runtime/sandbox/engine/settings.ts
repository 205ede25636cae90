import type { RealtimeSessionCreateRequest, SessionUpdateEvent } from 'openai/resources/realtime/realtime'
import { newId } from './conversation.ts'
import { Refusal } from './shape.ts'
import type { ServerVad } from './vad.ts'

/** The session's configuration: the API's defaults until `session.update` changes them. */
export interface Settings {
  readonly id: string
  readonly conversationId: string
  readonly session: RealtimeSessionCreateRequest
  readonly voice: string
  /** Null when turn detection is off. */
  readonly vad: ServerVad | null
  /** As `session.created` and `session.updated` tell it. */
  readonly told: RealtimeSessionCreateRequest
  /** @throws {Refusal} when the change is not possible, or not possible in the sandbox */
  update(session: SessionUpdateEvent['session'], hasSpoken: boolean): void
  /** @throws {Refusal} until both directions are G.711 μ-law, the only audio the sandbox has */
  requireTelephoneAudio(): void
}

// "Defaults to 300ms", "Defaults to 500ms", "this defaults to 0.5" (RealtimeAudioInputTurnDetection.ServerVad).
export const defaultVad: ServerVad = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
}

/** @param expiresAt epoch seconds at which the API would end the session */
export function createSettings(model: string, expiresAt: number): Settings {
  const id = newId('sess')
  let session: RealtimeSessionCreateRequest = {
    type: 'realtime',
    model,
    instructions: '',
    output_modalities: ['audio'],
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    audio: {
      input: { format: { type: 'audio/pcm', rate: 24000 }, turn_detection: defaultVad },
      output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'alloy', speed: 1 },
    },
  }
  const voiceOf = ({ audio }: RealtimeSessionCreateRequest) => {
    const voice = audio?.output?.voice
    return typeof voice === 'object' ? voice.id : (voice ?? 'alloy')
  }

  return {
    id,
    conversationId: newId('conv'),
    get session() {
      return session
    },
    get voice() {
      return voiceOf(session)
    },
    get vad() {
      return (session.audio?.input?.turn_detection ?? null) as ServerVad | null
    },
    get told() {
      return { object: 'realtime.session', id, expires_at: expiresAt, ...session } as RealtimeSessionCreateRequest
    },
    update(change, hasSpoken) {
      const next = merged(session, change as RealtimeSessionCreateRequest)
      if (hasSpoken && voiceOf(next) !== voiceOf(session)) {
        throw new Refusal('cannot_update_voice', "Cannot update a conversation's voice if assistant audio is present.")
      }
      if (next.model !== session.model) {
        throw new Refusal('invalid_value', 'The model of a session cannot be changed.', 'session.model')
      }
      refuseWhatTheSandboxLacks(next)
      session = next
    },
    requireTelephoneAudio() {
      const { input, output } = session.audio ?? {}
      if (input?.format?.type === 'audio/pcmu' && output?.format?.type === 'audio/pcmu') return
      throw new Refusal(
        'sandbox_unsupported',
        'The sandbox has only audio/pcmu; set both formats first.',
        'session.audio',
      )
    },
  }
}

/** Only what is present replaces; `audio` one level deeper; turn detection keeps its defaults. */
function merged(old: RealtimeSessionCreateRequest, change: RealtimeSessionCreateRequest): RealtimeSessionCreateRequest {
  const input = { ...old.audio?.input, ...change.audio?.input }
  if (change.audio?.input?.turn_detection) {
    input.turn_detection = { ...defaultVad, ...change.audio.input.turn_detection } as ServerVad
  }
  return { ...old, ...change, audio: { input, output: { ...old.audio?.output, ...change.audio?.output } } }
}

function refuseWhatTheSandboxLacks(session: RealtimeSessionCreateRequest): void {
  const refuse = (what: string, param: string): never => {
    throw new Refusal('sandbox_unsupported', `The real API takes ${what}, the sandbox does not.`, param)
  }
  if (session.audio?.input?.turn_detection?.type === 'semantic_vad') {
    refuse('semantic_vad', 'session.audio.input.turn_detection.type')
  }
  if (session.output_modalities?.includes('text')) refuse('text output', 'session.output_modalities')
  if (session.prompt) refuse('stored prompts', 'session.prompt')
}
