import { type Element, parseXml, TwimlFault } from './xml.ts'

/** A bidirectional stream (https://www.twilio.com/docs/voice/twiml/stream). */
export interface StreamVerb {
  verb: 'stream'
  url: string
  parameters: Record<string, string>
}

/** https://www.twilio.com/docs/voice/twiml/say */
export interface SayVerb {
  verb: 'say'
  text: string
}

/** One key, while something is said or after it (https://www.twilio.com/docs/voice/twiml/gather). */
export interface GatherVerb {
  verb: 'gather'
  action: string
  method: 'GET' | 'POST'
  timeoutSeconds: number
  /** The action is asked also when no key was pressed. */
  actionOnEmptyResult: boolean
  says: SayVerb[]
}

/** https://www.twilio.com/docs/voice/twiml/conference */
export interface ConferenceVerb {
  verb: 'conference'
  room: string
  startsOnEnter: boolean
  endsOnExit: boolean
  maxParticipants: number
}

/** What the sandbox's carrier can execute. */
export type Verb = StreamVerb | SayVerb | GatherVerb | ConferenceVerb | { verb: 'hangup' }

/**
 * Reads a document of the verbs above.
 * @throws {TwimlFault} 12100 malformed, 12200 not by the schema, 31920 a URL that Media Streams does not take
 */
export function parseTwiml(xml: string): Verb[] {
  const response = parseXml(xml)
  expect(response, 'Response', [])
  return response.children.map(readVerb)
}

/** Undefined, and a violation, for a document that Twilio could not run. */
export function readTwiml(xml: string, violation: (code: string, message: string) => void): Verb[] | undefined {
  try {
    return parseTwiml(xml)
  } catch (error) {
    if (!(error instanceof TwimlFault)) throw error
    violation(error.code, error.message)
    return undefined
  }
}

function readVerb(element: Element): Verb {
  switch (element.name) {
    case 'Connect':
      return readStream(only(element, 'Connect', ['action', 'method'], 'Stream'))
    case 'Say':
      return readSay(element)
    case 'Gather':
      return readGather(element)
    case 'Dial':
      return readConference(only(element, 'Dial', [], 'Conference'))
    case 'Hangup':
      expect(element, 'Hangup', [])
      return { verb: 'hangup' }
    default:
      throw invalid(`The sandbox does not do <${element.name}>.`)
  }
}

function readStream(stream: Element): StreamVerb {
  const attributes = ['url', 'name', 'track', 'statusCallback', 'statusCallbackMethod']
  expect(stream, 'Stream', attributes)
  const parameters: Record<string, string> = {}
  for (const parameter of stream.children) {
    expect(parameter, 'Parameter', ['name', 'value'])
    const { name, value } = parameter.attributes
    if (!name || value === undefined) throw invalid('<Parameter> needs name and value.')
    // "The combined length of each Parameter's name and value attributes must be under 500 characters."
    if (name.length + value.length >= 500) throw invalid(`<Parameter> '${name}' is too long.`)
    parameters[name] = value
  }
  if (stream.attributes.track && stream.attributes.track !== 'inbound_track') {
    throw new TwimlFault('31941', 'A bidirectional stream takes only the inbound track.')
  }
  return { verb: 'stream', url: streamUrl(stream.attributes.url), parameters }
}

/** `wss` always, but `ws` on loopback; "query string parameters are not supported". */
function streamUrl(text: string | undefined): string {
  const url = URL.canParse(text ?? '') ? new URL(text!) : undefined
  const loopback = url && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url?.protocol !== 'wss:' && !(url?.protocol === 'ws:' && loopback)) {
    throw new TwimlFault('31920', `<Stream> url must be wss: ${text}`)
  }
  if (url.search) throw new TwimlFault('31920', '<Stream> url must not have a query string.')
  return url.href
}

/** The locales of the languages we speak; Twilio has more. */
const spokenLocales = ['de-DE', 'en-GB', 'en-US', 'es-ES', 'es-MX', 'fr-CA', 'fr-FR', 'tr-TR']

function readSay(say: Element): SayVerb {
  expect(say, 'Say', ['language'], 'text')
  oneOf(say, 'language', spokenLocales, 'en-US')
  // 13520: "Say: Invalid text".
  if (say.text === '') throw new TwimlFault('13520', '<Say> has no text.')
  // "The maximum number of characters for a single <Say> verb is 4096".
  if (say.text.length > 4096) throw new TwimlFault('13520', '<Say> has more than 4096 characters.')
  return { verb: 'say', text: say.text }
}

const gatherAttributes = ['input', 'action', 'method', 'numDigits', 'timeout', 'finishOnKey', 'actionOnEmptyResult']

function readGather(gather: Element): GatherVerb {
  expect(gather, 'Gather', gatherAttributes)
  const { action = '', timeout = '5', numDigits } = gather.attributes
  if (!/^https?:$/.test(URL.canParse(action) ? new URL(action).protocol : '')) {
    throw new TwimlFault('11100', `<Gather> action is no URL: ${action}`)
  }
  if (oneOf(gather, 'input', ['dtmf'], 'dtmf') && numDigits !== '1') throw invalid('The sandbox gathers one digit.')
  oneOf(gather, 'finishOnKey', ['', '#'], '#')
  return {
    ...{ verb: 'gather', action, timeoutSeconds: count('Gather', 'timeout', timeout, 1) },
    method: oneOf(gather, 'method', ['GET', 'POST'], 'POST') as 'GET' | 'POST',
    actionOnEmptyResult: oneOf(gather, 'actionOnEmptyResult', booleans, 'false') === 'true',
    says: gather.children.map(readSay),
  }
}

const conferenceAttributes = 'beep startConferenceOnEnter endConferenceOnExit waitUrl maxParticipants record'.split(' ')
const booleans = ['true', 'false']

function readConference(conference: Element): ConferenceVerb {
  expect(conference, 'Conference', conferenceAttributes, 'text')
  if (conference.text === '') throw invalid('<Conference> has no name.')
  // An empty waitUrl is silence; the sandbox has no hold music, and beeps and records nothing.
  if (conference.attributes.waitUrl !== '') throw invalid("The sandbox does only an empty 'waitUrl'.")
  oneOf(conference, 'beep', ['false'], 'true')
  oneOf(conference, 'record', ['do-not-record'], 'do-not-record')
  return {
    ...{ verb: 'conference', room: conference.text },
    startsOnEnter: oneOf(conference, 'startConferenceOnEnter', booleans, 'true') === 'true',
    endsOnExit: oneOf(conference, 'endConferenceOnExit', booleans, 'false') === 'true',
    maxParticipants: count('Conference', 'maxParticipants', conference.attributes.maxParticipants ?? '250', 2, 250),
  }
}

const invalid = (message: string) => new TwimlFault('12200', message)

function oneOf(element: Element, name: string, allowed: string[], absent: string): string {
  const value = element.attributes[name] ?? absent
  if (!allowed.includes(value)) throw invalid(`The sandbox does not do ${name}="${value}" of <${element.name}>.`)
  return value
}

function count(element: string, name: string, text: string, min: number, max = 1_000_000): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) throw invalid(`'${text}' is no ${name} of <${element}>.`)
  return value
}

function expect(element: Element, name: string, attributes: string[], holds: 'elements' | 'text' = 'elements'): void {
  if (element.name !== name) throw invalid(`<${element.name}> stands where <${name}> is expected.`)
  const unknown = Object.keys(element.attributes).find((each) => !attributes.includes(each))
  if (unknown) throw invalid(`<${name}> has no attribute '${unknown}'.`)
  if (holds === 'elements' ? element.text !== '' : element.children.length > 0) {
    throw invalid(`<${name}> holds only ${holds}.`)
  }
}

function only(element: Element, name: string, attributes: string[], child: string): Element {
  expect(element, name, attributes)
  if (element.children.length !== 1) throw invalid(`<${name}> must hold one <${child}>.`)
  return element.children[0]!
}
