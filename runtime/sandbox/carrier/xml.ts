/** TwiML that Twilio could not run; `code` is of its error dictionary (https://www.twilio.com/docs/api/errors). */
export class TwimlFault extends Error {
  override name = 'TwimlFault'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface Element {
  name: string
  attributes: Record<string, string>
  children: Element[]
  /** Its own words, without the spaces around them. */
  text: string
}

const tag = /<(\/?)([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const attribute = /([A-Za-z][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const skipped = /\s+|<!--(?:(?!--)[\s\S])*-->/y
const written = /[^<]+/y
const prolog = /<\?xml\s[^?]*\?>/y
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Strict XML without DOCTYPE or CDATA: what TwiML consists of. @throws {TwimlFault} 12100 */
export function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
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
    const words = take(written)
    if (words && open.length === 1) throw malformed(xml, at)
    if (words) {
      open.at(-1)!.text = unescaped(words[0], xml, at).trim()
      continue
    }
    const match = take(tag)
    if (!match) throw malformed(xml, at)
    const [, end, name, attributes, empty] = match
    if (end) {
      if (open.pop()?.name !== name || attributes || empty) throw malformed(xml, at)
      continue
    }
    const element = { name: name!, attributes: readAttributes(attributes!, xml, at), children: [], text: '' }
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
    attributes[name!] = unescaped(double ?? single ?? '', xml, at)
  }
  return attributes
}

function unescaped(text: string, xml: string, at: number): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+);?)?;?/gi, (whole, dec, hex, named) => {
    const code = dec ? Number(dec) : Number.parseInt(hex ?? '', 16)
    const character = named ? entities[named] : Number.isNaN(code) ? undefined : String.fromCodePoint(code)
    if (!whole.endsWith(';') || character === undefined) throw malformed(xml, at)
    return character
  })
}

function malformed(xml: string, at: number): TwimlFault {
  return new TwimlFault('12100', `Document parse failure near: ${xml.slice(Math.max(0, at - 20), at + 20)}`)
}
