import { randomBytes } from 'node:crypto'
import type { CallStatus } from 'twilio/lib/rest/api/v2010/account/call.js'
import { type Clock, faster, type Timer } from '../../clock.ts'
import type { Chaos } from '../chaos.ts'
import type { LineState } from '../people/bad-line.ts'
import { createColleague } from '../people/colleague.ts'
import { createPerson } from '../people/person.ts'
import { type Cast, colleagueOf, phrasesOf, type Script, scriptOf } from '../people/scripts.ts'
import type { Speech } from '../speech/speech.ts'
import { createTimers } from '../timers.ts'
import { request as ask, createCallbacks, sign } from './callbacks.ts'
import { createEcho } from './echo.ts'
import { createInstructions, type Instructions } from './instructions.ts'
import type { CreateCall } from './parameters.ts'
import { type CallRecord, rfc2822 } from './resource.ts'
import type { Rooms } from './rooms.ts'
import { type GatherVerb, readTwiml, type Verb } from './twiml.ts'

/** What all calls share. */
export interface Network {
  clock: Clock
  authToken: string
  speech: Speech
  chaos: Chaos
  cast?: Cast
  rooms: Rooms
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
  /** Whom it reaches; by its number when left out. */
  script?: Script
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
  /** Runs other TwiML from now on. Returns false when it is not in progress. */
  redirect(twiml: string, timeLimitSeconds: number | undefined): boolean
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
  const { account, request, pace, waits } = options
  const { clock, speech } = network
  const life = faster(clock, pace)
  const timers = createTimers(faster(clock, waits))
  const talkTimers = createTimers(life)
  const callbacks = createCallbacks(network)
  const now = clock.now()
  const record: CallRecord = {
    ...{ sid: newSid('CA'), account, to: request.to, from: request.from },
    ...{ status: 'queued', createdAt: now, updatedAt: now },
  }
  const violation = (code: string, message: string) => network.violation(code, message, record.sid)
  const twiml = readTwiml(request.twiml, violation)
  const first = twiml?.[0]
  // Which calls are one conversation no carrier knows; the application says it, in a parameter of its stream.
  const conversation = first?.verb === 'stream' ? first.parameters.call : undefined
  const whoseScript = first?.verb === 'gather' ? colleagueOf : scriptOf
  const script = options.script ?? whoseScript(request.to, network.cast)
  const warm = Promise.all(phrasesOf(script).map((text) => speech.say('person', text))).catch(() => undefined)
  const { pickUp, missesFirst = 0 } = script
  const misses = missesFirst > 0 && (options.missed?.(conversation) ?? 0) < missesFirst
  let sequence = 0
  let instructions: Instructions | undefined
  let limit: Timer | undefined
  let dropped = false

  const whose = {
    ...{ Called: request.to, To: request.to, Caller: request.from, From: request.from },
    ...{ CallSid: record.sid, AccountSid: account, ApiVersion: '2010-04-01', Direction: 'outbound-api' },
  }

  function move(status: CallStatus): void {
    record.status = status
    record.updatedAt = clock.now()
  }

  /** Call progress events: https://www.twilio.com/docs/voice/api/call-resource#statuscallback */
  function announce(event: string, status: string, more: Record<string, string> = {}): void {
    if (!request.statusCallback || !request.statusCallbackEvents.includes(event)) return
    const params = {
      ...whose,
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
    bound(request.timeLimitSeconds)
    // Twilio says "an application error has occurred" and hangs up.
    if (twiml) talk(twiml)
    else finish('completed', '200')
  }

  function bound(seconds: number): void {
    talkTimers.cancel(limit)
    limit = talkTimers.after(seconds * 1000, () => finish('completed', '200'))
  }

  /** The person is on the line: the TwiML runs. */
  function talk(verbs: Verb[]): void {
    const patienceMs = network.chaos.callee?.hangsUpAfterMs ?? Number.POSITIVE_INFINITY
    const hangUp = () => finish('completed', '200')
    const press = (digit: string) => instructions?.digit(digit)
    const line = (state: LineState) => instructions?.line(state)
    const options = { script, speech, pace, hangUp, press, line }
    const log = (line: object) => network.log({ ...line, callSid: record.sid })
    const isColleague = first?.verb === 'gather' && pickUp !== 'voicemail'
    const briefed = (text: string) => log({ event: 'brief', text })
    const person = isColleague ? createColleague({ ...options, briefed }) : createPerson(options)
    const echo = createEcho(network.chaos.callee?.echo)
    const exchange = (heard: Buffer) => {
      // It listens to the audio, whose time is not quite that of the timers.
      detectMachine()
      if ((instructions?.elapsedMs ?? 0) > patienceMs) hangUp()
      return echo(heard, person.exchange(heard))
    }
    instructions = createInstructions({
      ...{ clock: life, timers: talkTimers, pace, speech, rooms: network.rooms, exchange },
      ...{ violation, log, hangUp, ask: whatFollows },
      stream: ({ url }) => ({
        ...{ signature: sign(network.authToken, url, {}), accountSid: account },
        ...{ callSid: record.sid, streamSid: newSid('MZ') },
        delayMs: () => network.chaos.media?.delayMs ?? 0,
      }),
    })
    instructions.run(verbs)
  }

  /** https://www.twilio.com/docs/voice/twiml/gather#action: the parameters of every voice request, and the digits. */
  async function whatFollows({ action: url, method }: GatherVerb, Digits: string): Promise<string | undefined> {
    const params = { ...whose, CallStatus: 'in-progress', Digits, FinishedOnKey: '', msg: 'Gather End' }
    try {
      const answer = await ask({ url, method, params }, network.authToken, network.signal)
      if (answer.ok) return await answer.text()
      violation('11200', `HTTP retrieval failure: ${url} answered ${answer.status}.`)
    } catch (error) {
      if (!network.signal.aborted) violation('11200', `HTTP retrieval failure: ${url}: ${String(error)}`)
    }
    return undefined
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
    if ((instructions?.elapsedMs ?? 0) < afterMs) return
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
    record.durationSeconds = talked ? Math.max(1, Math.ceil((instructions?.elapsedMs ?? 0) / 1000)) : 0
    record.endedAt = clock.now()
    move(status)
    instructions?.stop()
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
    redirect(twimlOfUpdate, timeLimitSeconds) {
      if (record.status !== 'in-progress' || !instructions) return false
      const verbs = readTwiml(twimlOfUpdate, violation)
      if (timeLimitSeconds !== undefined) bound(timeLimitSeconds)
      record.updatedAt = clock.now()
      if (verbs) instructions.run(verbs)
      else finish('completed', '200')
      return true
    },
    drop() {
      dropped = true
      timers.clear()
      talkTimers.clear()
      instructions?.drop()
    },
  }
}
