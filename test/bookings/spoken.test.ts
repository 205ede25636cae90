import { describe, expect, test } from 'vitest'
import { spokenSlot } from '../../runtime/bookings/spoken.ts'
import { clockInWords } from '../../runtime/bookings/spoken-clock.ts'

const TUESDAY = new Date('2026-05-26T05:00:00Z')
const say = (language: string, at: string, zone = 'Europe/Istanbul', now = TUESDAY) =>
  spokenSlot(new Date(at), { zones: [zone], language, now })

describe('a slot within the week is a weekday and a time, as a voice says them', () => {
  test.each([
    ['tr', 'Perşembe on beş otuz'],
    ['tr-TR', 'Perşembe on beş otuz'],
    ['en', 'Thursday at three thirty PM'],
    ['en-GB', 'Thursday at three thirty PM'],
    ['de', 'Donnerstag um fünfzehn Uhr dreißig'],
    ['es', 'jueves a las quince treinta'],
    ['fr', 'jeudi à quinze heures trente'],
    ['nl', 'donderdag 15:30'],
    ['ar', 'الخميس 3:30 م'],
    ['xx-invalid', 'Thursday at three thirty PM'],
    ['not a language', 'Thursday at three thirty PM'],
  ])('in %s: %s', (language, words) => {
    expect(say(language, '2026-05-28T12:30:00Z')).toBe(words)
  })
})

test.each([
  ['tr', 'bugün on bir', 'yarın on bir', '9 Haziran Salı on bir'],
  ['en', 'today at eleven AM', 'tomorrow at eleven AM', 'Tuesday, June 9 at eleven AM'],
  ['de', 'heute um elf Uhr', 'morgen um elf Uhr', 'Dienstag, 9. Juni um elf Uhr'],
  ['es', 'hoy a las once', 'mañana a las once', 'martes, 9 de junio a las once'],
  ['fr', 'aujourd’hui à onze heures', 'demain à onze heures', 'mardi 9 juin à onze heures'],
])('near days have a name in %s, far ones a date', (language, today, tomorrow, later) => {
  const named = (text: string) => text.replace('saat ', '')
  expect(named(say(language, '2026-05-26T08:00:00Z'))).toBe(today)
  expect(named(say(language, '2026-05-27T08:00:00Z'))).toBe(tomorrow)
  expect(named(say(language, '2026-06-09T08:00:00Z'))).toBe(later)
  // The same weekday next week is not this one.
  expect(say(language, '2026-06-02T08:00:00Z')).toMatch(/2/)
})

test.each([
  ['en', 'Thursday at one thirty PM, Western European Summer Time'],
  ['de', 'Donnerstag um dreizehn Uhr dreißig, Westeuropäische Sommerzeit'],
  ['tr', 'Perşembe on üç otuz, Batı Avrupa Yaz Saati'],
])('where it may be another hour for the person, the zone is named: %s', (language, words) => {
  const portugal = ['Atlantic/Azores', 'Europe/Lisbon', 'Atlantic/Madeira']
  const at = new Date('2026-05-28T12:30:00Z')
  expect(spokenSlot(at, { zones: portugal, language, now: TUESDAY })).toBe(words)
  // Its clocks are the same: nothing to name.
  const germany = ['Europe/Berlin', 'Europe/Busingen']
  expect(spokenSlot(at, { zones: germany, language, now: TUESDAY })).not.toContain(',')
})

test('today and tomorrow are those of the person, not of the server', () => {
  const night = new Date('2026-05-26T21:30:00Z')
  expect(say('en', '2026-05-27T08:00:00Z', 'Europe/Istanbul', night)).toBe('today at eleven AM')
  expect(say('en', '2026-05-27T15:00:00Z', 'America/New_York', night)).toBe('tomorrow at eleven AM')
})

test.each([
  ['tr', ['saat sıfır', 'bir beş', 'on iki otuz', 'yirmi üç elli dokuz']],
  ['en', ['at midnight', 'at one oh five AM', 'at twelve thirty PM', 'at eleven fifty-nine PM']],
  ['de', ['um null Uhr', 'um ein Uhr fünf', 'um zwölf Uhr dreißig', 'um dreiundzwanzig Uhr neunundfünfzig']],
  ['es', ['a las cero', 'a la una cero cinco', 'a las doce treinta', 'a las veintitrés cincuenta y nueve']],
  ['fr', ['à minuit', 'à une heure cinq', 'à midi trente', 'à vingt-trois heures cinquante-neuf']],
])('times at the edges of the day in %s', (language, words) => {
  const times = [
    [0, 0],
    [1, 5],
    [12, 30],
    [23, 59],
  ] as const
  const spoken = times.map(([hour, minute]) => clockInWords(language, hour, minute)?.replace('sıfır beş', 'beş'))
  expect(spoken).toEqual(words)
})

test('twelve is noon or midnight in English', () => {
  expect(say('en', '2026-05-31T09:00:00Z', 'Europe/Istanbul')).toBe('Sunday at noon')
  expect(clockInWords('en', 0, 0)).toBe('at midnight')
})

test.each(['tr', 'en', 'de', 'es', 'fr'])('every minute of a day has words of its own in %s', (language) => {
  const all = Array.from({ length: 24 * 60 }, (_, at) => clockInWords(language, Math.floor(at / 60), at % 60)!)
  expect(new Set(all).size).toBe(24 * 60)
  expect(all.filter((text) => /undefined|-( |$)|\d/.test(text))).toEqual([])
})
