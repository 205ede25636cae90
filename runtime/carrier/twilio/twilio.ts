import twilio from 'twilio'
import type { Messaging } from '../messaging.ts'
import {
  CallNotPlaced,
  CallOutcomeUnknown,
  CallRefused,
  type Carrier,
  type CarrierCall,
  type PlaceBrief,
  type PlaceCall,
} from '../port.ts'
import { carrierStatus } from './callback.ts'
import { client, isWithin, maxListed, reader, type Send, type TwilioAccount, unavailable } from './client.ts'
import { placeFailure, placeRefusal } from './failures.ts'
import { twilioMessaging } from './messages.ts'
import { openTransport, type Transport, type TwilioRequest, type TwilioResponse } from './request-client.ts'
import { briefTwiml, farewellTwiml, maxTalkSeconds, roomTwiml } from './transfer-twiml.ts'

export type { TwilioAccount } from './client.ts'

export type TwilioCarrier = Carrier &
  Messaging & {
    /** Lets go of the kept sockets. Running requests fail. */
    close(): void
  }

/**
 * Twilio behind our ports: Programmable Voice here, messages in `messages.ts`.
 * Sources: https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/stream.
 */
export function twilioCarrier(account: TwilioAccount): TwilioCarrier {
  const transport = openTransport(account.baseUrl ?? 'https://api.twilio.com')
  const calls = (send: Send) => client(account, send).calls
  const reading = () => reader(account, transport).calls

  async function create(request: PlaceCall | PlaceBrief, options: CreateOptions): Promise<{ carrierId: string }> {
    const send: Send = (message) => place(transport, request, message)
    try {
      const call = await calls(send).create(options)
      if (!call.sid) throw new CallOutcomeUnknown('the carrier accepted a call without naming it')
      return { carrierId: call.sid }
    } catch (error) {
      throw isPlaceError(error) ? error : placeFailure(error)
    }
  }

  async function hangUp(carrierId: string): Promise<void> {
    const call = reading()(carrierId)
    // `completed` ends a running call, `canceled` one that still rings; each is refused in the other's state.
    for (const status of ['completed', 'canceled'] as const) {
      if (await unavailable(unlessRefused(call.update({ status })))) return
    }
  }

  return {
    ...twilioMessaging(account, transport),
    placeCall: (request) => create(request, createOptions(request)),
    placeBrief: (request) => create(request, briefOptions(request)),
    async moveToRoom(carrierId, room) {
      const moving = reading()(carrierId).update({ twiml: roomTwiml(room), timeLimit: maxTalkSeconds })
      return (await unavailable(unlessNotRunning(unlessAbsent(moving)))) !== null
    },
    async dismiss(carrierId, words) {
      const told = await unavailable(unlessRefused(reading()(carrierId).update({ twiml: farewellTwiml(words) })))
      if (!told) await hangUp(carrierId)
    },
    async findCalls({ from, to, since, until }) {
      // No StartTime filter: a call that still waits in Twilio's queue has none, and it is the one we must not miss.
      const found = await unavailable(reading().list({ from, to, limit: maxListed, pageSize: maxListed }))
      return found.map(carrierCall).filter(({ createdAt }) => isWithin(createdAt, { since, until }))
    },
    async getCall(carrierId) {
      const found = await unavailable(unlessAbsent(reading()(carrierId).fetch()))
      return found && carrierCall(found)
    },
    hangUp,
    isAuthentic({ signature, url, params }) {
      return signature !== undefined && twilio.validateRequest(account.authToken, signature, url, params)
    },
    close: () => transport.close(),
  }
}

type CreateOptions = Parameters<ReturnType<typeof client>['calls']['create']>[0]

function createOptions(request: PlaceCall): CreateOptions {
  const detection = {
    machineDetection: 'DetectMessageEnd',
    asyncAmd: 'true',
    asyncAmdStatusCallback: request.statusUrl,
    asyncAmdStatusCallbackMethod: 'POST',
    // The longest there is: it runs beside the call, and greetings are long.
    machineDetectionTimeout: 59,
  }
  return {
    ...placing(request),
    twiml: streamTwiml(request.mediaUrl, request.streamParameters),
    ...(request.detectMachine ? detection : {}),
  }
}

const briefOptions = (request: PlaceBrief): CreateOptions => ({ ...placing(request), twiml: briefTwiml(request) })

const placing = (request: PlaceCall | PlaceBrief) => ({
  from: request.from,
  to: request.to,
  timeout: request.ringSeconds,
  timeLimit: request.maxSeconds,
  statusCallback: request.statusUrl,
  statusCallbackMethod: 'POST',
  statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
})

/** Values travel as `<Parameter>`s because Twilio drops a query string from the stream's URL. */
function streamTwiml(url: string, parameters: Record<string, string>): string {
  const response = new twilio.twiml.VoiceResponse()
  const stream = response.connect().stream({ url })
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value })
  return response.toString()
}

async function place(
  transport: Transport,
  request: PlaceCall | PlaceBrief,
  message: TwilioRequest,
): Promise<TwilioResponse> {
  const { signal } = request
  const response = await transport.send(message, { signal, beforeSend: () => request.beforeSend() })
  const refusal = placeRefusal(response)
  if (refusal) throw refusal
  return response
}

const isPlaceError = (error: unknown) =>
  error instanceof CallRefused || error instanceof CallNotPlaced || error instanceof CallOutcomeUnknown

interface VendorCall {
  sid: string
  status: string
  dateCreated: Date
  duration: string
}

function carrierCall(call: VendorCall): CarrierCall {
  const seconds = call.duration === null || call.duration === '' ? Number.NaN : Number(call.duration)
  return {
    carrierId: call.sid,
    status: carrierStatus(call.status),
    createdAt: call.dateCreated,
    durationSeconds: Number.isFinite(seconds) ? seconds : null,
  }
}

/** Null for a 404: the SDK throws what it was answered, with the HTTP status on it. */
async function unlessAbsent<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: { status?: number }) => {
    if (error.status === 404) return null
    throw error
  })
}

/** False when the call is not in a state that allows the change; true when it changed or is not known at all. */
async function unlessRefused(asked: Promise<unknown>): Promise<boolean> {
  return (await unlessNotRunning(unlessAbsent(asked).then(() => true))) !== null
}

/** Null for 21220: the call is not in a state that allows the change. */
async function unlessNotRunning<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: { status?: number; code?: number }) => {
    if (error.status === 400 && error.code === 21220) return null
    throw error
  })
}
