import { expect, test } from 'vitest'
import { parseTwiml } from '../../runtime/sandbox/carrier/twiml.ts'
import { streamTo } from './harness.ts'

const wrap = (inner: string) => `<Response><Connect>${inner}</Connect></Response>`

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
  ['both tracks', wrap('<Stream url="wss://a.example" track="both_tracks"/>'), '31941'],
])('refuses %s', (_, xml, code) => {
  expect(() => parseTwiml(xml)).toThrow(expect.objectContaining({ code }))
})
