import twilio from 'twilio'
import type { PlaceBrief, Spoken } from '../port.ts'

/** Twilio's own limit of a call, four hours: people who talk to each other are not hurried. */
export const maxTalkSeconds = 14_400

/** What a voice of Twilio's is called that speaks a language; by the language alone, without its region. */
const voices = { de: 'de-DE', en: 'en-US', es: 'es-ES', fr: 'fr-FR', tr: 'tr-TR' } as const

type Voiced = Pick<InstanceType<typeof twilio.twiml.VoiceResponse>, 'say'>

function say(verb: Voiced, { text, language }: Spoken): void {
  const known = voices[language.slice(0, 2).toLowerCase() as keyof typeof voices] ?? voices.en
  verb.say({ language: known }, text)
}

/**
 * Says a brief and waits for one key, which is posted; so is that none came, as an empty one.
 * @see https://www.twilio.com/docs/voice/twiml/gather
 */
export function briefTwiml({ brief, keySeconds, keyUrl }: PlaceBrief): string {
  const response = new twilio.twiml.VoiceResponse()
  const gather = response.gather({
    ...{ input: ['dtmf'], numDigits: 1, finishOnKey: '', timeout: keySeconds },
    ...{ action: keyUrl, method: 'POST', actionOnEmptyResult: true },
  })
  say(gather, brief)
  return response.toString()
}

/**
 * The room in which two people talk: it ends when one leaves, nothing sounds in it but they, and it is not recorded.
 * @see https://www.twilio.com/docs/voice/twiml/conference
 */
export function roomTwiml(room: string): string {
  const response = new twilio.twiml.VoiceResponse()
  response.dial().conference(
    {
      ...{ beep: 'false', startConferenceOnEnter: true, endConferenceOnExit: true },
      ...{ waitUrl: '', maxParticipants: 2, record: 'do-not-record' },
    },
    room,
  )
  return response.toString()
}

/** Last words, and the end of the call. */
export function farewellTwiml(words: Spoken): string {
  const response = new twilio.twiml.VoiceResponse()
  say(response, words)
  response.hangup()
  return response.toString()
}
