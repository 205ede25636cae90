import type { CallRow } from './advance.ts'

type Timed = Pick<CallRow, 'clockOrigin' | 'clockRate' | 'createdAt'>

/** What the call's own clock shows at a real instant; the same for live calls. */
export const toCallTime = (call: Timed, real: Date): Date =>
  new Date(call.clockOrigin.getTime() + (real.getTime() - call.createdAt.getTime()) * call.clockRate)

/** When a time on the call's own clock comes, really; rounded up, so that nothing runs before its time. */
export const toRealTime = (call: Timed, onCallClock: Date): Date =>
  new Date(call.createdAt.getTime() + Math.ceil((onCallClock.getTime() - call.clockOrigin.getTime()) / call.clockRate))

/** A lead's `not_before` is so many hours from now; in time-lapse they pass faster. */
export const onCallClock = (call: Pick<CallRow, 'clockOrigin' | 'createdAt'>, notBefore: Date): Date =>
  new Date(call.clockOrigin.getTime() + notBefore.getTime() - call.createdAt.getTime())
