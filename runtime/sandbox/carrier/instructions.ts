import type { Clock } from '../../clock.ts'
import { FRAME_BYTES, FRAME_MS, SILENCE } from '../speech/mulaw.ts'
import type { Speech } from '../speech/speech.ts'
import type { Timers } from '../timers.ts'
import { passFrames } from './frames.ts'
import { type MediaStream, openMedia } from './media.ts'
import type { Rooms } from './rooms.ts'
import { wordsOf } from './say.ts'
import { type ConferenceVerb, type GatherVerb, readTwiml, type SayVerb, type StreamVerb, type Verb } from './twiml.ts'

/** What an answered call is told to do, verb after verb; after the last it hangs up. */
export interface Instructions {
  /** Instead of whatever runs. */
  run(verbs: Verb[]): void
  /** A key the callee pressed. */
  digit(digit: string): void
  /** The way between a stream and the application. */
  line: MediaStream['line']
  /** The call is over. */
  stop(): void
  /** The sandbox closes. */
  drop(): void
  /** Milliseconds of audio that have passed. */
  readonly elapsedMs: number
}

export interface InstructionsOptions {
  /** Both run at the call's pace. */
  clock: Clock
  timers: Timers
  pace: number
  speech: Speech
  rooms: Rooms
  /** Takes what the callee hears in 20 ms, and gives what they say. */
  exchange(heard: Buffer): Buffer
  /** How a stream is opened for this call. */
  stream(
    verb: StreamVerb,
  ): Pick<Parameters<typeof openMedia>[0], 'signature' | 'accountSid' | 'callSid' | 'streamSid' | 'delayMs'>
  /** Asks the application what follows a key; undefined when it does not answer. */
  ask(verb: GatherVerb, digits: string): Promise<string | undefined>
  violation(code: string, message: string): void
  log(line: object): void
  hangUp(): void
}

/** What a running verb can be asked. */
interface Running {
  stop(): void
  drop?(): void
  digit?(digit: string): void
  line?: MediaStream['line']
}

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)

export function createInstructions(options: InstructionsOptions): Instructions {
  const { clock, timers, pace, violation } = options
  let queue: Verb[] = []
  let running: Running | undefined
  let elapsedMs = 0
  let media: MediaStream | undefined

  function next(): void {
    running = undefined
    const verb = queue.shift() ?? { verb: 'hangup' }
    if (verb.verb === 'hangup') options.hangUp()
    else if (verb.verb === 'stream') running = stream(verb)
    else if (verb.verb === 'say') running = play([verb], next)
    else if (verb.verb === 'gather') running = gather(verb)
    else running = conference(verb)
  }

  function run(verbs: Verb[]): void {
    running?.stop()
    queue = [...verbs]
    next()
  }

  function stream(verb: StreamVerb): Running {
    const { url, parameters } = verb
    const opened = openMedia({
      ...{ url, parameters, ...options.stream(verb), clock, timers, pace, violation, exchange: options.exchange },
      closed(why) {
        options.log({ event: 'stream.closed', why })
        settleMedia()
        next()
      },
    })
    media = opened
    const stop = () => {
      opened.stop()
      settleMedia()
    }
    return { stop, drop: opened.drop, digit: opened.digit, line: opened.line }
  }

  function settleMedia(): void {
    elapsedMs += media?.elapsedMs ?? 0
    media = undefined
  }

  /** Frames that go by without a stream. */
  function pass(exchange: () => void): Running {
    return passFrames({
      ...{ clock, timers, pace },
      frame() {
        elapsedMs += FRAME_MS
        exchange()
      },
    })
  }

  function play(says: SayVerb[], done: () => void): Running {
    const next = wordsOf(options.speech, says)
    const frames = pass(() => {
      const frame = next()
      options.exchange(frame ?? silence)
      if (frame) return
      frames.stop()
      done()
    })
    return frames
  }

  /** "After the first digit is received the audio will stop playing." */
  function gather(verb: GatherVerb): Running {
    let pressed = false
    let waitedMs = 0
    let frames = play(verb.says, () => {
      frames = pass(() => {
        options.exchange(silence)
        waitedMs += FRAME_MS
        if (waitedMs >= verb.timeoutSeconds * 1000 && !pressed) late()
      })
    })
    const own: Running = {
      stop() {
        pressed = true
        frames.stop()
      },
      digit(digit) {
        if (pressed) return
        own.stop()
        void follow(own, verb, digit)
      },
    }
    const late = () => {
      own.stop()
      if (verb.actionOnEmptyResult) void follow(own, verb, '')
      else next()
    }
    return own
  }

  /** "Twilio will continue the current call using the TwiML received in your response." */
  async function follow(asker: Running, verb: GatherVerb, digits: string): Promise<void> {
    const answer = await options.ask(verb, digits)
    if (running !== asker) return
    const verbs = answer === undefined ? [] : readTwiml(answer, violation)
    if (verbs) run(verbs)
    else options.hangUp()
  }

  function conference(verb: ConferenceVerb): Running {
    const ended = () => {
      frames.stop()
      next()
    }
    const seat = options.rooms.join(verb, () => ended())
    let heard: Buffer = silence
    const frames = pass(() => {
      heard = seat?.exchange(options.exchange(heard)) ?? silence
    })
    // Who finds a room full hears nobody; Twilio goes on with the next verb.
    if (!seat) timers.after(0, ended)
    return {
      stop() {
        frames.stop()
        seat?.leave()
      },
    }
  }

  return {
    run,
    digit: (digit) => running?.digit?.(digit),
    line: (state) => running?.line?.(state),
    stop() {
      const last = running
      running = undefined
      queue = []
      last?.stop()
    },
    drop() {
      if (running?.drop) running.drop()
      else running?.stop()
      running = undefined
    },
    get elapsedMs() {
      return elapsedMs + (media?.elapsedMs ?? 0)
    },
  }
}
