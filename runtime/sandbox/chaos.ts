/**
 * What goes wrong on purpose. Plain JSON, so that a sandbox in another process can be told too; read at the moment of
 * each effect, so that a test may change it while the sandbox runs. All times are real milliseconds.
 */
export interface Chaos {
  callbacks?: {
    delayMs?: number
    /** Each callback is posted twice. */
    doubled?: boolean
    /** All callbacks of a call or message are held until it ended, then posted newest first. */
    shuffled?: boolean
    /** Statuses that are never posted. */
    dropped?: string[]
  }
  create?: {
    /** The call is made at once, and the answer comes this late. */
    lateMs?: number
    /** The call is made, and the connection is destroyed without an answer. */
    lost?: boolean
    /** No call is made. */
    refuse?: 429 | 500
    /** Only so many creates are affected; it counts down. All of them when absent. */
    times?: number
  }
  messages?: {
    /** The message is made at once, and the answer comes this late. */
    lateMs?: number
    /** The message is made, and the connection is destroyed without an answer. */
    lost?: boolean
    /** No message is made: 429, 500, or a code of Twilio's for a request that it cannot serve. */
    refuse?: number
    /** Only so many creates are affected; it counts down. All of them when absent. */
    times?: number
  }
  /** Calls and messages that are read: the connection is destroyed without an answer. */
  reads?: {
    lost: boolean
    /** Only so many reads are affected; it counts down. All of them when absent. */
    times?: number
  }
  callee?: {
    /** Of so many calls only one is answered, whoever is called; the others ring out. */
    answersOneOf?: number
    /** Whoever answers hangs up after so much audio of the stream, in milliseconds: a slow application is waited for. */
    hangsUpAfterMs?: number
    /** What they hear returns with what they say, so much later (milliseconds of audio) and so much quieter (a factor). */
    echo?: { delayMs: number; gain: number }
  }
  /** Each message of a media stream takes so long from one end to the other, either way. */
  media?: { delayMs: number }
  engine?: {
    /** The socket is destroyed once this much audio of the conversation was sent, in milliseconds of audio. */
    dropAfterAudioMs?: number
    /** Added to the latency of every response. */
    slowMs?: number
    /** Nothing says that an item's audio is over but the end of its response. */
    omitsAudioDone?: boolean
    /** New sessions are refused with this HTTP status. */
    refuse?: 401 | 429 | 500 | 503
    /** Only so many drops or refusals; it counts down. */
    times?: number
  }
  /** Sessions that transcribe: the socket is destroyed once it was given this much audio, in milliseconds of audio. */
  transcription?: { dropAfterAudioMs: number; times?: number }
  /** Chat completions. */
  text?: Requests
  /** Speech. */
  speech?: Requests
}

interface Requests {
  /** Added to the latency of every request. */
  slowMs?: number
  /** They are refused with this HTTP status. */
  refuse?: 401 | 429 | 500 | 503
  /** Only so many refusals; it counts down. */
  times?: number
}

/** True when one more of the limited effects may happen, which it then counts. */
export function strikes(limited: { times?: number } | undefined): boolean {
  if (limited?.times === undefined) return limited !== undefined
  if (limited.times <= 0) return false
  limited.times--
  return true
}
