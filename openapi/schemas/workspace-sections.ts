import { eventNames } from '../events.ts'
import { z } from '../zod.ts'
import { atMost, Language, shaped, text, wholeNumber } from './common.ts'

/** How a secret that is stored is shown. Sent back, it keeps what is stored. */
export const SECRET_IS_SET = 'set'

/** Marks a value that is written and never shown (JSON Schema 2020-12, validation 9.4). */
export const secret = <S extends z.ZodType>(schema: S): S => schema.meta({ ...schema.meta(), writeOnly: true })

export const Clock24 = shaped(/^([01]\d|2[0-3]):[0-5]\d$/, '09:00').describe('Time of day, HH:MM.')
export const TimeZone = text(64)
  .meta({ examples: ['Europe/Istanbul'] })
  .describe('IANA name of a time zone.')

/** What flows may call a thing of the workspace. */
const name = (example: string) => shaped(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, example)

const patterns: [string, ...string[]] = ['*', 'lead.*', 'call.*', 'outcome.*', ...eventNames]

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with https:// or http://' }).max(2000)

export const Webhook = z.strictObject({
  name: name('crm').optional().describe('What flows call it: `webhook(crm)`.'),
  url: httpUrl.describe('Where events are posted to.'),
  events: z
    .array(z.enum(patterns))
    .max(20)
    .optional()
    .describe('Which events; `*` for all. May be empty only with a name: then it gets what flows send it.'),
})

const WorkingHours = z.strictObject({
  from: Clock24,
  to: Clock24.describe('Time of day, HH:MM; 00:00 is midnight.'),
  days: z.array(wholeNumber(1, 7)).min(1).max(7).describe('As ISO 8601 has them: 1 is Monday.'),
})

/** When hours that are open until `to` close: midnight is the end of their day. */
export const closing = (to: string): string => (to === '00:00' ? '24:00' : to)

export const Calendar = z.strictObject({
  name: shaped(/^[a-z][a-z0-9_]{0,63}$/, 'mehmet').describe('What flows call it: `book(calendar.mehmet)`.'),
  owner: text(320).describe('Whose it is, e.g. an e-mail address; goes into `booking.owner`.'),
  time_zone: TimeZone,
  kind: z
    .enum(['embedded', 'caldav', 'cal_com'])
    .optional()
    .describe("Where it is kept: `embedded` in Talkif's own database, which is meant when absent."),
  working_hours: z
    .union([WorkingHours, z.array(WorkingHours).min(1).max(21)], 'must be {from, to, days}, or a list of them')
    .optional()
    .describe('Several in a list, for breaks and for days that differ. 09:00 to 18:00, Monday to Friday, when absent.'),
  slot_minutes: wholeNumber(5, 240).optional().describe('Length of an appointment; 30 when absent.'),
  buffer_minutes: wholeNumber(0, 240).optional().describe('Kept free before and after an appointment; 0 when absent.'),
  notice_minutes: wholeNumber(0, 10_080).optional().describe('Nothing sooner than this is offered; 60 when absent.'),
  days_ahead: wholeNumber(1, 90).optional().describe('How far ahead appointments are offered; 30 when absent.'),
  caldav: z
    .strictObject({
      url: httpUrl.describe('The address of the calendar itself (its collection), not of its server.'),
      username: text(320),
      password: secret(text(1000)).describe('Best one made for this use alone. Shown as `set`.'),
    })
    .optional()
    .describe('With `kind: caldav`.'),
  cal_com: z
    .strictObject({
      event_type_id: wholeNumber(1, 2_147_483_647).describe('The event type that is booked.'),
      api_key: secret(text(1000)).describe('A key of Cal.com, version 2. Shown as `set`.'),
      url: httpUrl.optional().describe('Of your own Cal.com; https://api.cal.com when absent.'),
    })
    .optional()
    .describe('With `kind: cal_com`.'),
})
export type Calendar = z.infer<typeof Calendar>

/** Voices of the engine, as OpenAI's Realtime API names them. */
export const engineVoices = [
  'marin',
  'cedar',
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'sage',
  'shimmer',
  'verse',
] as const

export const Voice = z.strictObject({
  name: name('voice_warm_tr').describe('What flows call it: `call.voice`.'),
  voice: z.enum(engineVoices).describe("The engine's voice."),
  language: Language.optional().describe('What it speaks, as BCP 47; as the lead does when absent.'),
  speed: z.number().min(0.25).max(1.5).optional().describe('How fast it speaks; 1 when absent.'),
  manner: atMost(1000, z.string().min(1)).optional().describe('How it speaks, in words.'),
})
export type Voice = z.infer<typeof Voice>

const ContentSid = shaped(/^HX[0-9a-f]{32}$/, `HX${'0'.repeat(32)}`)
const inEveryLanguage = <S extends z.ZodType>(one: S, error: string) =>
  z.union([one, z.record(Language, one).refine((it) => Object.keys(it).length > 0, 'must not be empty')], error)

export const Template = z.strictObject({
  name: name('we_missed_you').describe('What flows call it: `sms("we_missed_you")`.'),
  sms: inEveryLanguage(text(1600), 'must be a text, or one for each language')
    .optional()
    .describe('The text, or one for each language. Takes fields: `{first_name}`, `{business}`, `{booking.slot}` …'),
  whatsapp: z
    .strictObject({
      content_sid: inEveryLanguage(
        ContentSid,
        `must look like HX${'0'.repeat(32)}, or be one for each language`,
      ).describe("Twilio's id of the approved template, or one for each language."),
      variables: z
        .record(shaped(/^[A-Za-z0-9_]{1,16}$/, '1'), atMost(1000, z.string()))
        .refine((it) => Object.keys(it).length <= 100, 'must have at most 100 pairs')
        .optional()
        .describe('What the placeholders of the template say; each takes fields as `sms` does.'),
    })
    .optional(),
})
export type Template = z.infer<typeof Template>

export const SecretName = shaped(/^[A-Z][A-Z0-9_]{0,63}$/, 'CRM_TOKEN')
