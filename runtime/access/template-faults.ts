import { templateFaults as faultsIn, type TemplateFault } from '../../flows/language/template.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { fault, members } from './faults.ts'

/** A template serves any flow: which slots it has is not known here. */
const SCOPE = { slots: null, booking: true }

/** What is wrong with one message template beyond its shape; it may be of any. */
export function templateFaults(pointer: string, template: Record<string, unknown>): FieldFault[] {
  const { sms, whatsapp } = template
  if (sms === undefined && whatsapp === undefined) return [fault(pointer, 'A template needs sms, whatsapp or both.')]
  return [
    ...textsOf(`${pointer}/sms`, sms),
    ...textsOf(`${pointer}/whatsapp/variables`, members(whatsapp).variables),
  ].flatMap(([at, text]) => faultsIn(text, SCOPE).map((it) => fault(at, inWords(it))))
}

/** A text, or the texts of an object, each with its place. */
function textsOf(pointer: string, value: unknown): [pointer: string, text: string][] {
  if (typeof value === 'string') return [[pointer, value]]
  return Object.entries(members(value)).flatMap(([key, text]) =>
    typeof text === 'string' ? [[`${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, text]] : [],
  )
}

const inWords = ({ message, suggestion }: TemplateFault): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${suggestion ? `; did you mean ${suggestion}?` : '.'}`
