import { expect, test } from 'vitest'
import { parseTwiml } from '../../runtime/sandbox/carrier/twiml.ts'
import { streamTo } from './harness.ts'

const wrap = (inner: string) => `<Response><Connect>${inner}</Connect></Response>`

const gather = (attributes: string, inner = '') =>
  `<Response><Gather input="dtmf" numDigits="1" action="https://a.example" ${attributes}>${inner}</Gather></Response>`
const dial = (inner: string) => `<Response><Dial>${inner}</Dial></Response>`

test('reads what the SDK writes, escapes included', () => {
  const parameters = { token: 'a&b<c>"d\'é', empty: '' }
  expect(parseTwiml(streamTo('wss://talk.example/media', parameters))).toEqual([
    { verb: 'stream', url: 'wss://talk.example/media', parameters },
  ])
})

test('reads comments, single quotes and character references', () => {
  const xml = wrap(`<!-- one --><Stream url='ws://127.0.0.1:1/m'><Parameter name="a" value="&#65;&#x42;"/></Stream>`)
  expect(parseTwiml(xml)).toMatchObject([{ parameters: { a: 'AB' } }])
})

test.each([
  ['not XML', 'hello', '12100'],
  ['unclosed', '<Response><Connect>', '12100'],
  ['crossed', '<Response><Connect></Response></Connect>', '12100'],
  ['two roots', '<Response/><Response/>', '12100'],
  ['a bare ampersand', wrap('<Stream url="wss://a.example/?&"/>'), '12100'],
  ['an attribute twice', wrap('<Stream url="wss://a.example" url="wss://b.example"/>'), '12100'],
  ['a DOCTYPE', `<!DOCTYPE x>${wrap('<Stream url="wss://a.example"/>')}`, '12100'],
  ['a verb that there is not', '<Response><Sing/></Response>', '12200'],
  ['two streams', wrap('<Stream url="wss://a.example"/><Stream url="wss://a.example"/>'), '12200'],
  ['an unknown attribute', wrap('<Stream url="wss://a.example" uri="x"/>'), '12200'],
  ['a parameter without value', wrap('<Stream url="wss://a.example"><Parameter name="a"/></Stream>'), '12200'],
  [
    'a long parameter',
    wrap(`<Stream url="wss://a.example"><Parameter name="a" value="${'x'.repeat(500)}"/></Stream>`),
    '12200',
  ],
  ['plain ws beyond loopback', wrap('<Stream url="ws://a.example"/>'), '31920'],
  ['https', wrap('<Stream url="https://a.example"/>'), '31920'],
  ['a query string', wrap('<Stream url="wss://a.example/m?token=1"/>'), '31920'],
  ['no url', wrap('<Stream/>'), '31920'],
  ['words beside verbs', '<Response>Hello<Hangup/></Response>', '12200'],
  ['a Say without words', '<Response><Say> </Say></Response>', '13520'],
  ['a Say that is too long', `<Response><Say>${'x'.repeat(4097)}</Say></Response>`, '13520'],
  ['a language that is none', '<Response><Say language="xx">Hi</Say></Response>', '12200'],
  ['a Gather without a place to go', '<Response><Gather numDigits="1"/></Response>', '11100'],
  ['a Gather of no time', gather('timeout="0"'), '12200'],
  ['a Gather of a verb that there is not', gather('', '<Dial/>'), '12200'],
  ['a Dial of two rooms', dial('<Conference waitUrl="">a</Conference><Conference waitUrl="">b</Conference>'), '12200'],
  ['a room without a name', dial('<Conference waitUrl=""/>'), '12200'],
  ['a room for one', dial('<Conference waitUrl="" maxParticipants="1">a</Conference>'), '12200'],
  ['an attribute of a room that is none', dial('<Conference waitUrl="" endOnExit="true">a</Conference>'), '12200'],
  ['both tracks', wrap('<Stream url="wss://a.example" track="both_tracks"/>'), '31941'],
])('refuses %s', (_, xml, code) => {
  expect(() => parseTwiml(xml)).toThrow(expect.objectContaining({ code }))
})
