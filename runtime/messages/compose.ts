import { canonicalLanguage } from '../../flows/language/fields.ts'
import { fill, type TemplateFields } from '../../flows/language/template.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Settings } from '../access/workspaces.ts'
import type { MessageContent } from '../carrier/messaging.ts'
import type { calls, leads } from '../db/schema.ts'
import { clocksDiffer, spokenZone } from '../guardrails/spoken-zone.ts'
import type { MessageRow } from './rows.ts'

export interface MessageContext {
  call: typeof calls.$inferSelect
  lead: typeof leads.$inferSelect
  flow: Flow
  settings: Pick<Settings, 'business' | 'templates'>
  /** Where the appointment is as a file; null without one. */
  calendarUrl: string | null
}

/** The longest body that Twilio takes: https://www.twilio.com/docs/api/errors/21617 */
const SMS_MAX = 1_600

/** What a message says, from the workspace's template in the language of its call; or why it cannot be said. */
export function compose(
  { channel, template: name, given }: Pick<MessageRow, 'channel' | 'template' | 'given'>,
  context: MessageContext,
): MessageContent | { why: string } {
  const template = context.settings.templates.find((it) => it.name === name)
  const kind = channel === 'sms' ? 'SMS' : 'WhatsApp'
  if (!template?.[channel]) return { why: `the workspace has no ${kind} template named ${name}` }
  const language = languageOf(context)
  const fields = fieldsOf(context, language)
  const write = (text: string, own = fields) => fill(text, own, isolated)
  const each = (texts: Record<string, string>, say: (text: string) => string) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, say(text)]))
  if (channel === 'whatsapp') {
    const { content_sid, variables = {} } = template.whatsapp!
    return contentOf(inLanguage(content_sid, language), each({ ...variables, ...given }, write))
  }
  // In a text of ours they are values, which are isolated as they are put in.
  const own = each(given, (text) => fill(text, fields))
  const metadata = { ...fields.metadata, ...own }
  const body = write(inLanguage(template.sms!, language), { ...fields, metadata }).trim()
  if (body === '') return { why: `the template ${name} says nothing to this person` }
  return body.length > SMS_MAX ? { why: `the text is longer than ${SMS_MAX} characters` } : { body }
}

/** Twilio refuses a variable that is empty: https://www.twilio.com/docs/api/errors/21656 */
function contentOf(contentSid: string, variables: Record<string, string>): MessageContent | { why: string } {
  const empty = Object.keys(variables).find((key) => variables[key]!.trim() === '')
  return empty ? { why: `the variable ${empty} of the template is empty for this person` } : { contentSid, variables }
}

/** The language the call was held in; BCP 47. */
const languageOf = ({ lead, flow }: MessageContext): string =>
  (lead.language && canonicalLanguage(lead.language)) || flow.match.language[0] || 'en'

/** One for all, or the one for `de-AT`, else for `de`, else the first of the list: the workspace's own language. */
export function inLanguage(texts: string | Record<string, string>, language: string): string {
  if (typeof texts === 'string') return texts
  const wanted = language.toLowerCase()
  const entries = Object.entries(texts).map(([tag, text]) => [tag.toLowerCase(), text] as const)
  const [base] = wanted.split('-')
  const found = entries.find(([tag]) => tag === wanted) ?? entries.find(([tag]) => tag === base) ?? entries[0]
  return found![1]
}

function fieldsOf({ call, lead, flow, settings, calendarUrl }: MessageContext, language: string): TemplateFields {
  const { booking } = call
  return {
    name: lead.name,
    business: flow.agent.business ?? settings.business.name,
    agent: flow.agent.name ?? 'Talkif',
    source: lead.source,
    campaign: lead.campaign,
    intent: lead.intent,
    language,
    external_id: lead.externalId,
    metadata: lead.metadata,
    answers: call.answers,
    booking: booking && {
      slot: writtenSlot(new Date(booking.slot), lead.zones, language),
      owner: booking.owner,
      calendar_url: calendarUrl,
    },
  }
}

/**
 * A slot as it is read, whenever that is: "Tuesday, May 26 at 3:30 PM", "26 Mayıs Salı 15:30". What is said on the phone ("tomorrow")
 * would be wrong the day after. Where it may be another hour for the person, the zone is named. A language that the platform does not
 * know is written in English.
 */
function writtenSlot(startsAt: Date, zones: readonly string[], language: string): string {
  const format = new Intl.DateTimeFormat([language === 'en' ? 'en-US' : language, 'en-US'], {
    timeZone: spokenZone(zones),
    ...{ weekday: 'long', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' },
    ...(clocksDiffer(zones, startsAt) ? { timeZoneName: 'long' } : {}),
  })
  // Narrow no-break spaces would make an SMS of plain letters twice as long.
  return format.format(startsAt).replace(/[\u00a0\u202f]/g, ' ')
}

/** A value in another direction must not turn the text round it: Unicode Standard Annex 9, section 2.4.1. */
const isolated = (value: string): string =>
  /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}/u.test(value)
    ? `\u2068${value}\u2069`
    : value
