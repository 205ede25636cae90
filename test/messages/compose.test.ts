import { expect, test } from 'vitest'
import { parseFlow } from '../../flows/language/parse.ts'
import { compose, type MessageContext } from '../../runtime/messages/compose.ts'

const content_sid = `HX${'a1'.repeat(16)}`
const calendarUrl = `https://talkif.helena.example/artifacts/c/call_${'a'.repeat(26)}?expires=1780000000&signature=${'s'.repeat(143)}`

function contextOf(name: string, booked = true, zones = ['Europe/Istanbul']): MessageContext {
  const read = parseFlow('id: f\nmatch: {source: form}\n')
  if ('faults' in read) throw new Error('the flow of this test has faults')
  const booking = booked ? { slot: '2026-05-26T12:30:00.000Z', owner: 'mehmet@helena.example' } : null
  const templates = [
    { name: 'booked', sms: 'See you {booking.slot}: {booking.calendar_url}' },
    { name: 'card', whatsapp: { content_sid, variables: { 1: '{first_name}' } } },
  ]
  const call = { booking, answers: {} }
  const lead = { name, language: 'en', metadata: null, zones, source: 'form' }
  return {
    ...{ call: call as never, lead: lead as never, flow: read.flow, calendarUrl: booked ? calendarUrl : null },
    settings: { business: { name: 'Helena Education' }, templates },
  }
}

test('a text carries the appointment as a link, whole', () => {
  const message = { channel: 'sms', template: 'booked', given: {} } as const
  const said = compose(message, contextOf('Ada'))
  expect(calendarUrl.length).toBeGreaterThan(200)
  expect(said).toEqual({ body: `See you Tuesday, May 26 at 3:30 PM: ${calendarUrl}` })
  expect(compose(message, contextOf('Ada', false))).toEqual({ body: 'See you:' })
})

test('a text names the zone of its hour where the person may be in another', () => {
  const message = { channel: 'sms', template: 'booked', given: {} } as const
  const portugal = ['Atlantic/Azores', 'Europe/Lisbon', 'Atlantic/Madeira']
  expect(compose(message, contextOf('Ada', true, portugal))).toEqual({
    body: `See you Tuesday, May 26 at 1:30 PM Western European Summer Time: ${calendarUrl}`,
  })
})

test('a variable that the flow gives stands by itself in its direction, like those of the workspace', () => {
  const message = { channel: 'whatsapp', template: 'card', given: { 2: '{name}!', 3: 'plain' } } as const
  expect(compose(message, contextOf('أحمد علي'))).toEqual({
    contentSid: content_sid,
    variables: { 1: '\u2068أحمد\u2069', 2: '\u2068أحمد علي\u2069!', 3: 'plain' },
  })
})
