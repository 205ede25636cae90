/**
 * What Twilio says on a media stream, https://www.twilio.com/docs/voice/media-streams/websocket-messages.
 * Only the fields we use; numbers arrive as strings.
 */
export type MediaMessage =
  | { event: 'connected' }
  | { event: 'start'; streamSid: string; callSid: string; parameters: Record<string, string>; playable: boolean }
  | { event: 'media'; payload: Buffer; timestampMs: number }
  | { event: 'mark'; name: string }
  | { event: 'dtmf'; digit: string }
  | { event: 'stop' }

/** A frame of 20 ms takes 216 characters; a start message with its parameters at most a few thousand. */
export const maxMessageBytes = 64 * 1024

/** The message in `text`, or null when it is not one that we know in its documented form. Never throws. */
export function parseMediaMessage(text: string): MediaMessage | null {
  const message = fields(parse(text))
  switch (message.event) {
    case 'connected':
    case 'stop':
      return { event: message.event }
    case 'start':
      return parseStart(message)
    case 'media':
      return parseMedia(fields(message.media))
    case 'mark': {
      const { name } = fields(message.mark)
      return typeof name === 'string' ? { event: 'mark', name } : null
    }
    case 'dtmf': {
      const { digit } = fields(message.dtmf)
      return typeof digit === 'string' && /^[0-9*#A-D]$/.test(digit) ? { event: 'dtmf', digit } : null
    }
    default:
      return null
  }
}

function parseStart(message: Record<string, unknown>): MediaMessage | null {
  const start = fields(message.start)
  const streamSid = start.streamSid ?? message.streamSid
  if (typeof streamSid !== 'string' || typeof start.callSid !== 'string') return null
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields(start.customParameters))) {
    if (typeof value === 'string') parameters[name] = value
  }
  const format = fields(start.mediaFormat)
  const playable = format.encoding === 'audio/x-mulaw' && Number(format.sampleRate) === 8000
  return { event: 'start', streamSid, callSid: start.callSid, parameters, playable }
}

function parseMedia(media: Record<string, unknown>): MediaMessage | null {
  const { payload, track } = media
  const timestampMs = Number(media.timestamp)
  if (typeof payload !== 'string' || !(timestampMs >= 0)) return null
  if (track !== undefined && track !== 'inbound') return null
  const audio = Buffer.from(payload, 'base64')
  return audio.length > 0 ? { event: 'media', payload: audio, timestampMs } : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The value as an object, or an empty one: what is missing is found missing at its own check. */
function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
