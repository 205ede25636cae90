import { expect, test } from 'vitest'
import { zonesOf } from '../../runtime/guardrails/lead-zone.ts'

test('a number with an area has the zones and state of its area', async () => {
  expect(await zonesOf('+12125551234')).toEqual({
    zones: ['America/New_York'],
    country: 'US',
    subdivision: 'NY',
    source: 'number',
  })
  expect(await zonesOf('+19073001234')).toMatchObject({
    zones: ['America/Adak', 'America/Anchorage'],
    subdivision: 'AK',
  })
  expect(await zonesOf('+14152001234')).toMatchObject({ zones: ['America/Los_Angeles'], subdivision: 'CA' })
  expect(await zonesOf('+14165550123')).toMatchObject({ zones: ['America/Toronto'], country: 'CA', subdivision: null })
  expect(await zonesOf('+905321234567')).toMatchObject({ zones: ['Europe/Istanbul'], country: 'TR', source: 'number' })
})

test('a number that says nothing about where it is answered has every zone of its country', async () => {
  const tollFree = await zonesOf('+18005552671')
  expect(tollFree).toMatchObject({ country: 'US', subdivision: null, source: 'strictest' })
  expect(tollFree.zones).toEqual(expect.arrayContaining(['America/New_York', 'Pacific/Honolulu', 'America/Phoenix']))
  expect(tollFree.zones).not.toContain('America/Toronto')
  const mobile = await zonesOf('+61412345678')
  expect(mobile).toMatchObject({ country: 'AU', source: 'strictest' })
  expect(mobile.zones).toEqual(expect.arrayContaining(['Australia/Perth', 'Australia/Sydney']))
})

test('a number of no country must be called when it is day everywhere', async () => {
  expect(await zonesOf('+80012345678')).toMatchObject({
    zones: ['Pacific/Auckland', 'Pacific/Honolulu'],
    country: null,
    source: 'strictest',
  })
  expect(await zonesOf('nonsense')).toMatchObject({ country: null, source: 'strictest' })
  expect(await zonesOf('nonsense', { country: 'tr' })).toMatchObject({
    zones: ['Europe/Istanbul'],
    country: 'TR',
    source: 'country',
  })
})

test('a zone the lead gives comes first, when it exists', async () => {
  expect(await zonesOf('+12125551234', { timeZone: 'America/New_York' })).toEqual({
    zones: ['America/New_York'],
    country: 'US',
    subdivision: 'NY',
    source: 'lead',
  })
  expect(await zonesOf('+12125551234', { timeZone: 'America/Chicago' })).toMatchObject({
    zones: ['America/Chicago'],
    subdivision: null,
  })
  for (const timeZone of ['Mars/Olympus', '+03:00', '', 'x'.repeat(100)])
    expect(await zonesOf('+12125551234', { timeZone })).toMatchObject({ zones: ['America/New_York'], source: 'number' })
})

test('what is remembered cannot be changed by who asked', async () => {
  const first = await zonesOf('+905321234567')
  first.zones.push('Pacific/Auckland')
  expect((await zonesOf('+905321234567')).zones).toEqual(['Europe/Istanbul'])
})
