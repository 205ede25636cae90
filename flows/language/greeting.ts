import type { Flow } from '../../openapi/schemas/flow-document.ts'

/** How each language says these things; a hand-written greeting has to say them in one of them. */
const ARTIFICIAL =
  /\b(?:ai|a\.i\.|ki|ia|i\.a\.)(?![\p{L}\p{N}])|artificial intelligence|yapay zek|künstliche[nr]? intelligenz|inteligencia artificial|intelligence artificielle/iu
const RECORDED = /record|kayıt|kayd|kaydedil|aufgezeichnet|aufzeichn|mitgeschnitten|graba|enregistr/iu

/**
 * What a hand-written greeting fails to disclose in its first sentence, or undefined. It must say for whom the call is
 * made ({business} or the name itself), that an AI is speaking and, when the flow records, that the call is recorded.
 * Source: product page "Recording", 47 CFR 64.1200(b)(1), Regulation (EU) 2024/1689 art. 50(1), Cal. Penal Code 632.
 */
export function greetingFault(flow: Pick<Flow, 'agent' | 'call'>): string | undefined {
  const { greeting, business } = flow.agent
  if (greeting === null) return undefined
  const first = firstSentence(greeting)
  const missing: string[] = []
  const namesBusiness = /\{business\}/.test(first) || (business !== null && first.includes(business))
  if (!namesBusiness) missing.push('on whose behalf you call (write {business})')
  if (!ARTIFICIAL.test(first)) missing.push('that an AI is speaking')
  if (flow.call.record && !RECORDED.test(first)) missing.push('that the call is recorded')
  if (missing.length === 0) return undefined
  return `the first sentence of the greeting must say ${missing.join(', and ')}`
}

/** The first sentence that is more than a salutation ("Hi {name}!"). */
function firstSentence(greeting: string): string {
  const sentences = greeting.split(/(?<=[.!?…。])\s+/u)
  const salutations = sentences.findIndex((sentence) => sentence.trim().split(/\s+/u).length > 3)
  return sentences.slice(0, Math.max(salutations, 0) + 1).join(' ')
}
