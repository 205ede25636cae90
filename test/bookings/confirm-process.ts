import { calComCalendar } from '../../runtime/bookings/cal-com.ts'
import { localCalendar } from '../../runtime/bookings/local.ts'
import { systemClock } from '../../runtime/clock.ts'
import { connect } from '../../runtime/db/connect.ts'
import { openOutbound } from '../../runtime/outbound.ts'

/**
 * A process that confirms a booking, for tests that kill it halfway; its calendar is the embedded one without `calCom`:
 *   node test/bookings/confirm-process.ts '{"databaseUrl": "…", "now": 0, "bookingId": "…", "calCom": {…}, …}'
 * Prints a line when it begins.
 */
const { databaseUrl, now, bookingId, appointment, calCom, ...caller } = JSON.parse(process.argv[2]!)
const { db } = connect(databaseUrl, 1)
const options = { db, clock: { ...systemClock, now: () => now as number }, ...caller }
const calendar = calCom
  ? calComCalendar({ ...options, calCom, fetchOutside: openOutbound({ allowLoopback: true }) })
  : localCalendar(options)
process.stdout.write(`${JSON.stringify({ url: '' })}\n`)
await calendar.confirm(bookingId, appointment)
