import { expect, test } from 'vitest'
import { zonesOf } from '../../runtime/guardrails/lead-zone.ts'
import { clocksDiffer, spokenZone } from '../../runtime/guardrails/spoken-zone.ts'

test.each([
  ['+351912345678', 'Europe/Lisbon'],
  ['+34612345678', 'Europe/Madrid'],
  ['+61412345678', 'Australia/Sydney'],
  ['+79161234567', 'Europe/Moscow'],
  ['+77011234567', 'Asia/Almaty'],
  ['+6281234567890', 'Asia/Jakarta'],
  ['+64211234567', 'Pacific/Auckland'],
  ['+97699112233', 'Asia/Ulaanbaatar'],
  ['+18005550100', 'America/New_York'],
  ['+19073001234', 'America/Anchorage'],
  ['+14155550100', 'America/Los_Angeles'],
  ['+905321234567', 'Europe/Istanbul'],
])('%s is told times of %s', async (phone, zone) => {
  const { zones } = await zonesOf(phone)
  expect(spokenZone(zones)).toBe(zone)
})

test.each([
  ['CA', 'America/Toronto'],
  ['BR', 'America/Sao_Paulo'],
  ['MX', 'America/Mexico_City'],
  ['CL', 'America/Santiago'],
  ['EC', 'America/Guayaquil'],
  ['CD', 'Africa/Kinshasa'],
  ['PG', 'Pacific/Port_Moresby'],
  ['FR', 'Europe/Paris'],
])('someone of whom only %s is known is told times of %s', async (country, zone) => {
  const { zones } = await zonesOf('+80012345678', { country })
  expect(spokenZone(zones)).toBe(zone)
})

test('the zone that the lead gives is the one', async () => {
  const { zones } = await zonesOf('+351912345678', { timeZone: 'Atlantic/Azores' })
  expect(spokenZone(zones)).toBe('Atlantic/Azores')
})

test('whether clocks differ is asked of the instant', () => {
  const [winter, summer] = [new Date('2026-01-15T12:00:00Z'), new Date('2026-07-15T12:00:00Z')]
  const phoenix = ['America/Phoenix', 'America/Denver']
  expect([winter, summer].map((at) => clocksDiffer(phoenix, at))).toEqual([false, true])
  expect(clocksDiffer(['Europe/Berlin', 'Europe/Busingen'], summer)).toBe(false)
  expect(clocksDiffer(['Europe/Istanbul'], summer)).toBe(false)
})
