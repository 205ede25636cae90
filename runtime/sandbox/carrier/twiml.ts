/** What the sandbox's carrier can execute: one bidirectional stream. */
export interface Twiml {
  url: string
  parameters: Record<string, string>
}

/** TwiML that Twilio could not run; `code` is of its error dictionary (https://www.twilio.com/docs/api/errors). */
export class TwimlFault extends Error {
  override name = 'TwimlFault'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

interface Element {
  name: string
  attributes: Record<string, string>
  children: Element[]
}

/**
 * Reads `<Response><Connect><Stream url><Parameter name value/></Stream></Connect></Response>`, and nothing else
 * (https://www.twilio.com/docs/voice/twiml/stream).
 * @throws {TwimlFault} 12100 malformed, 12200 not by the schema, 31920 a URL that Media Streams does not take
 */
export function parseTwiml(xml: string): Twiml {
  const response = parseXml(xml)
  const connect = only(response, 'Response', [], 'Connect')
  const stream = only(connect, 'Connect', ['action', 'method'], 'Stream')
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
  return { url: streamUrl(stream.attributes.url), parameters }
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

const invalid = (message: string) => new TwimlFault('12200', message)

function expect(element: Element, name: string, attributes: string[]): void {
  if (element.name !== name) throw invalid(`<${element.name}> stands where <${name}> is expected.`)
  const unknown = Object.keys(element.attributes).find((each) => !attributes.includes(each))
  if (unknown) throw invalid(`<${name}> has no attribute '${unknown}'.`)
}

function only(element: Element, name: string, attributes: string[], child: string): Element {
  expect(element, name, attributes)
  if (element.children.length !== 1) throw invalid(`<${name}> must hold one <${child}>.`)
  return element.children[0]!
}

const tag = /<(\/?)([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const attribute = /([A-Za-z][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const skipped = /\s+|<!--(?:(?!--)[\s\S])*-->/y
const prolog = /<\?xml\s[^?]*\?>/y
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Strict XML without text, DOCTYPE or CDATA: what TwiML for a stream consists of. */
function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] }
  const open = [root]
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(xml)
    if (match) at = pattern.lastIndex
    return match
  }
  take(prolog)
  while (at < xml.length) {
    if (take(skipped)) continue
    const match = take(tag)
    if (!match) throw malformed(xml, at)
    const [, end, name, attributes, empty] = match
    if (end) {
      if (open.pop()?.name !== name || attributes || empty) throw malformed(xml, at)
      continue
    }
    const element = { name: name!, attributes: readAttributes(attributes!, xml, at), children: [] }
    open.at(-1)!.children.push(element)
    if (!empty) open.push(element)
  }
  if (open.length !== 1 || root.children.length !== 1) throw malformed(xml, at)
  return root.children[0]!
}

function readAttributes(text: string, xml: string, at: number): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name, double, single] of text.matchAll(attribute)) {
    if (Object.hasOwn(attributes, name!)) throw malformed(xml, at)
    attributes[name!] = (double ?? single ?? '').replace(
      /&(?:#(\d+)|#x([\da-f]+)|(\w+);?)?;?/gi,
      (whole, dec, hex, named) => {
        const code = dec ? Number(dec) : Number.parseInt(hex ?? '', 16)
        const character = named ? entities[named] : Number.isNaN(code) ? undefined : String.fromCodePoint(code)
        if (!whole.endsWith(';') || character === undefined) throw malformed(xml, at)
        return character
      },
    )
  }
  return attributes
}

function malformed(xml: string, at: number): TwimlFault {
  return new TwimlFault('12100', `Document parse failure near: ${xml.slice(Math.max(0, at - 20), at + 20)}`)
}
