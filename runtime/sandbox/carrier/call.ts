import { randomBytes } from 'node:crypto'
import type { CallStatus } from 'twilio/lib/rest/api/v2010/account/call.js'
import { type Clock, faster } from '../../clock.ts'
import type { Chaos } from '../chaos.ts'
import { createPerson } from '../people/person.ts'
import { type Cast, phrasesOf, type Script } from '../people/scripts.ts'
import type { Speech } from '../speech/speech.ts'
import { createTimers } from '../timers.ts'
import { createCallbacks, sign } from './callbacks.ts'
import { createEcho } from './echo.ts'
import { type MediaStream, openMedia } from './media.ts'
import type { CreateCall } from './parameters.ts'
import { type CallRecord, rfc2822 } from './resource.ts'
import { parseTwiml, type Twiml, TwimlFault } from './twiml.ts'

/** What all calls share. */
export interface Network {
  clock: Clock
  authToken: string
  speech: Speech
  chaos: Chaos
  cast?: Cast
  /** Aborts when the sandbox closes. */
  signal: AbortSignal
  log(line: object): void
  violation(code: string, message: string, callSid?: string): void
  /** A phone rings. */
  rang(record: CallRecord): void
}

export interface CallOptions {
  account: string
  request: CreateCall
  script: Script
  /** How many earlier calls of this conversation were let ring out. */
  missed?(conversation: string | undefined): number
  pace: number
  waits: number
}

export interface Call {
  readonly record: CallRecord
  /** The `call` parameter of its stream. */
  readonly conversation: string | undefined
  /** Ends it on behalf of the API. Returns false when it is over already. */
  end(as: 'completed' | 'canceled'): boolean
  /** The sandbox closes: no callback, no message. */
  drop(): void
}

/** Milliseconds of life before each step; ringing is the person's. */
const INITIATED_MS = 100
const RINGING_MS = 900
const BUSY_MS = 1500
const FAILED_MS = 500

export const newSid = (prefix: string) => prefix + randomBytes(16).toString('hex')

/** One outbound call, from `queued` to its end: https://www.twilio.com/docs/voice/api/call-resource#call-status-values */
export function startCall(network: Network, options: CallOptions): Call {
  const { account, request, script, pace, waits } = options
  const { clock, speech } = network
  const life = faster(clock, pace)
  const timers = createTimers(faster(clock, waits))
  const talkTimers = createTimers(life)
  const callbacks = createCallbacks(network)
  const warm = Promise.all(phrasesOf(script).map((text) => speech.say('person', text))).catch(() => undefined)
  const now = clock.now()
  const record: CallRecord = {
    ...{ sid: newSid('CA'), account, to: request.to, from: request.from },
    ...{ status: 'queued', createdAt: now, updatedAt: now },
  }
  const twiml = readTwiml()
  // Which calls are one conversation no carrier knows; the application says it, in a parameter of its stream.
  const conversation = twiml?.parameters.call
  const { pickUp, missesFirst = 0 } = script
  const misses = missesFirst > 0 && (options.missed?.(conversation) ?? 0) < missesFirst
  let sequence = 0
  let media: MediaStream | undefined
  let dropped = false

  function readTwiml(): Twiml | undefined {
    try {
      return parseTwiml(request.twiml)
    } catch (error) {
      if (!(error instanceof TwimlFault)) throw error
      network.violation(error.code, error.message, record.sid)
      return undefined
    }
  }

  function move(status: CallStatus): void {
    record.status = status
    record.updatedAt = clock.now()
  }

  /** Call progress events: https://www.twilio.com/docs/voice/api/call-resource#statuscallback */
  function announce(event: string, status: string, more: Record<string, string> = {}): void {
    if (!request.statusCallback || !request.statusCallbackEvents.includes(event)) return
    const params = {
      ...{ Called: request.to, To: request.to, Caller: request.from, From: request.from },
      ...{ CallSid: record.sid, AccountSid: account, ApiVersion: '2010-04-01', Direction: 'outbound-api' },
      ...{ CallStatus: status, CallbackSource: 'call-progress-events', SequenceNumber: String(sequence++) },
      Timestamp: rfc2822(clock.now()),
      ...more,
    }
    callbacks.post({ url: request.statusCallback, method: request.statusCallbackMethod, params })
  }

  function initiate(): void {
    record.startedAt = clock.now()
    announce('initiated', 'initiated')
    if (pickUp === 'fails') timers.after(FAILED_MS, () => finish('failed', '503'))
    else if (pickUp === 'busy') timers.after(BUSY_MS, () => finish('busy', '486'))
    else timers.after(RINGING_MS, ring)
  }

  function ring(): void {
    move('ringing')
    network.rang(record)
    announce('ringing', 'ringing')
    const timeoutMs = request.timeoutSeconds * 1000
    const oneOf = network.chaos.callee?.answersOneOf ?? 1
    const isAway = Number.parseInt(record.sid.slice(-6), 16) % oneOf !== 0
    const answers = !misses && !isAway && script.ringMs < timeoutMs
    if (answers) timers.after(script.ringMs, () => void warm.then(answer))
    else timers.after(timeoutMs, () => finish('no-answer', '487'))
  }

  function answer(): void {
    if (record.status !== 'ringing' || dropped) return
    move('in-progress')
    announce('answered', 'in-progress')
    talkTimers.after(request.timeLimitSeconds * 1000, () => finish('completed', '200'))
    // Twilio says "an application error has occurred" and hangs up.
    if (twiml) talk(twiml)
    else finish('completed', '200')
  }

  /** The person is on the line: the TwiML runs. */
  function talk(twiml: Twiml): void {
    const patienceMs = network.chaos.callee?.hangsUpAfterMs ?? Number.POSITIVE_INFINITY
    const hangUp = () => finish('completed', '200')
    const echo = createEcho(network.chaos.callee?.echo)
    const person = createPerson({ script, speech, pace, hangUp, press: (digit) => media?.digit(digit) })
    const exchange = (heard: Buffer) => {
      // It listens to the audio, whose time is not quite that of the timers.
      detectMachine()
      if (media!.elapsedMs > patienceMs) hangUp()
      return echo(heard, person.exchange(heard))
    }
    media = openMedia({
      ...{ url: twiml.url, parameters: twiml.parameters, signature: sign(network.authToken, twiml.url, {}) },
      ...{ accountSid: account, callSid: record.sid, streamSid: newSid('MZ') },
      ...{ clock: life, timers: talkTimers, pace, exchange },
      violation: (code, message) => network.violation(code, message, record.sid),
      closed(why) {
        network.log({ event: 'stream.closed', callSid: record.sid, why })
        finish('completed', '200')
      },
    })
  }

  /** Asynchronous AMD: https://www.twilio.com/docs/voice/answering-machine-detection#asyncamdstatuscallback */
  function detectMachine(): void {
    const { machineDetection, asyncAmdStatusCallback: url, asyncAmdStatusCallbackMethod: method } = request
    if (!machineDetection || record.answeredBy) return
    const waitsForBeep = machineDetection === 'DetectMessageEnd'
    const greetingMs = (speech.ready('person', script.opening)?.length ?? 40_000) / 8
    const machine = pickUp === 'voicemail'
    const heard = machine ? (waitsForBeep ? 'machine_end_beep' : 'machine_start') : 'human'
    const heardMs = Math.round(machine ? (waitsForBeep ? greetingMs + 900 : 2700) : 2100)
    // "The number of seconds that Twilio should attempt to perform answering machine detection before timing out."
    const timeoutMs = request.machineDetectionTimeoutSeconds * 1000
    const afterMs = Math.min(heardMs, timeoutMs)
    if ((media?.elapsedMs ?? 0) < afterMs) return
    const AnsweredBy = heardMs > timeoutMs ? 'unknown' : heard
    record.answeredBy = AnsweredBy
    if (!url) return
    const params = { CallSid: record.sid, AccountSid: account, AnsweredBy, MachineDetectionDuration: String(afterMs) }
    callbacks.post({ url, method, params })
  }

  function finish(status: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled', SipResponseCode: string): void {
    if (record.endedAt !== undefined) return
    timers.clear()
    talkTimers.clear()
    const talked = record.status === 'in-progress'
    // Counted on the call's own clock, which is its audio; every started second counts.
    record.durationSeconds = talked ? Math.max(1, Math.ceil((media?.elapsedMs ?? 0) / 1000)) : 0
    record.endedAt = clock.now()
    move(status)
    media?.stop()
    media = undefined
    const CallDuration = String(record.durationSeconds)
    const Duration = String(Math.ceil(record.durationSeconds / 60))
    const answeredBy: Record<string, string> = record.answeredBy ? { AnsweredBy: record.answeredBy } : {}
    announce('completed', status, { CallDuration, Duration, SipResponseCode, ...answeredBy })
    callbacks.ended()
  }

  timers.after(INITIATED_MS, initiate)

  return {
    record,
    conversation,
    end(as) {
      if (record.endedAt !== undefined) return false
      if (as === 'canceled' && record.status === 'in-progress') return false
      finish(
        record.status === 'in-progress' ? 'completed' : 'canceled',
        record.status === 'in-progress' ? '200' : '487',
      )
      return true
    },
    drop() {
      dropped = true
      timers.clear()
      talkTimers.clear()
      media?.drop()
    },
  }
}
