import { expect, test } from 'vitest'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { createWorkspace } from '../../runtime/access/workspaces.ts'
import { openLedger } from '../../runtime/bookings/ledger.ts'
import { startServer } from '../harness/talkif.ts'

const HOUR = 3_600_000

test('a calendar that gets another name keeps its appointments; one that is kept elsewhere from now on, too', async ({
  onTestFinished,
}) => {
  const served = await startServer()
  onTestFinished(served.drop)
  const { runtime } = served
  const { db, clock } = runtime
  const calendar = (name: string, owner: string) => ({ name, owner, time_zone: 'Europe/Istanbul' })
  const workspaceId = await createWorkspace(runtime, { calendars: [calendar('doc', 'doc@helena.example')] })
  const caller = { workspaceId, mode: 'test' as const }
  const put = (...calendars: ReturnType<typeof calendar>[]) =>
    db.transaction((tx) => putWorkspace(tx, runtime, caller, { calendars }))
  const ledger = (name: string, more: Partial<Parameters<typeof openLedger>[0]> = {}) =>
    openLedger({ db, clock, ...caller, calendar: name, kind: 'embedded', bufferMinutes: 0, ...more })
  const at = Math.ceil(clock.now() / HOUR) * HOUR + 24 * HOUR
  const slot = { startsAt: new Date(at), endsAt: new Date(at + HOUR), spoken: '' }
  const held = await ledger('doc').hold(slot as never, 'call_a', 60)
  await ledger('doc').move(held!.id, 'confirmed')

  await put(calendar('doctor', 'doc@helena.example'), calendar('nurse', 'nurse@helena.example'))
  expect(await ledger('doctor').hold(slot as never, 'call_b', 60)).toBe(null)
  expect(await ledger('nurse').hold(slot as never, 'call_b', 60)).not.toBe(null)
  // Somebody else's calendar is no other name of this one.
  await put(calendar('nurse', 'nurse@helena.example'), calendar('dentist', 'dentist@helena.example'))
  expect((await ledger('dentist').between(slot.startsAt, slot.endsAt)).taken).toEqual([])

  // Nobody put it on that server, however long ago it was made.
  const later = { ...clock, now: () => clock.now() + 11 * 60_000 }
  const elsewhere = ledger('doctor', { kind: 'caldav', clock: later })
  expect(await elsewhere.hold(slot as never, 'call_c', 60)).toBe(null)
})
