import type { Appointment, Person } from './port.ts'

/** One appointment as iCalendar has it (RFC 5545). */
export interface CalendarEvent extends Appointment {
  /** Of the booking: the same event in every calendar it reaches. */
  id: string
  startsAt: Date
  endsAt: Date
  /** When it was agreed. */
  stamp: Date
  owner: Person
}

/** RFC 5545, 3.8.4.7: unique in the world; our ids are. */
export const uidOf = (bookingId: string): string => `${bookingId}@talkif`

/**
 * The file that both sides put into their calendars. It is an invitation (RFC 5546, 3.2.2) when both have an e-mail address, and
 * their owner's event, published (3.2.1), when only the owner has one; else a plain event.
 */
export function icsFile(event: CalendarEvent): string {
  if (!event.owner.email) return printed(event, [])
  return printed(event, [`METHOD:${event.lead.email ? 'REQUEST' : 'PUBLISH'}`])
}

/** Whose calendar it is, as a workspace names them: by an e-mail address, or in words. */
export function ownerOf(owner: string): Person {
  const isAddress = /^[^\s@:;,"<>]+@[^\s@:;,"<>]+$/.test(owner)
  return isAddress ? { name: null, email: owner } : { name: owner, email: null }
}

/** What is put into a CalDAV collection, where no METHOD may be (RFC 4791, 4.1); a scheduling server invites by itself (RFC 6638). */
export const icsObject = (event: CalendarEvent): string => printed(event, [])

function printed(
  { id, startsAt, endsAt, stamp, summary, notes, owner, lead }: CalendarEvent,
  method: string[],
): string {
  const contact = [lead.phone, lead.email].filter(Boolean).join(', ')
  const lines = [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Talkif//Talkif//EN', ...method],
    ...['BEGIN:VEVENT', `UID:${uidOf(id)}`, 'SEQUENCE:0', 'STATUS:CONFIRMED', 'TRANSP:OPAQUE'],
    ...[`DTSTAMP:${utc(stamp)}`, `DTSTART:${utc(startsAt)}`, `DTEND:${utc(endsAt)}`],
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped([isolated(lead.name ?? ''), contact, notes].filter(Boolean).join('\n'))}`,
    ...(owner.email && (lead.email || method.length > 0) ? [organizer(owner)] : []),
    ...(owner.email && lead.email ? [attendee(owner, 'ACCEPTED'), attendee(lead, 'NEEDS-ACTION')] : []),
    ...['END:VEVENT', 'END:VCALENDAR'],
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

const organizer = (person: Person) => `ORGANIZER${commonName(person)}:mailto:${person.email}`

const attendee = (person: Person, status: string) =>
  `ATTENDEE${commonName(person)};ROLE=REQ-PARTICIPANT;PARTSTAT=${status}${status === 'ACCEPTED' ? '' : ';RSVP=TRUE'}:mailto:${person.email}`

/** A parameter holds no quotes and no line breaks (RFC 5545, 3.2); RFC 6868 writes them with a caret. Of backslashes readers differ. */
function commonName({ name }: Person): string {
  const carets: Record<string, string> = { '^': '^^', '"': "^'", '\n': '^n' }
  return name
    ? `;CN="${clean(name)
        .replaceAll('\\', '')
        .replace(/[\^"\n]/g, (character) => carets[character]!)}"`
    : ''
}

export const utc = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '')

/** TEXT, RFC 5545, 3.3.11. */
const escaped = (text: string) =>
  clean(text)
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\n/g, '\\n')

/** Line breaks as one character, no other control characters, and no marks that turn the text around them; isolates may stay. */
function clean(text: string): string {
  const lines = text.replace(/\r\n?|\u2028|\u2029/g, '\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  return lines.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066\u2067]/g, '')
}

/** Words of one direction among words of another: they turn nothing around them (Unicode UAX #9, isolates). */
export function isolated(text: string): string {
  const bare = clean(text).replace(/[\u2068\u2069]/g, '')
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(bare) ? `\u2068${bare}\u2069` : bare
}

/** At most 75 octets a line, never within a character (RFC 5545, 3.1). */
function folded(line: string): string {
  let [text, octets] = ['', 0]
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > 75) [text, octets] = [`${text}\r\n `, 1]
    text += character
    octets += size
  }
  return text
}
