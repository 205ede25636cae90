/** Something that the real vendor would have refused, or that its documents forbid. Tests assert that there is none. */
export interface Violation {
  side: 'carrier' | 'engine'
  /** The vendor's own error code. */
  code: string
  message: string
  at: number
  callSid?: string
}

/** A phone that rang. */
export interface RangCall {
  to: string
  from: string
  /** Epoch milliseconds, on the clock the sandbox was given. */
  at: number
  callSid: string
  account: string
}

/** A session of the engine, from its handshake to the end of its socket; as above. */
export interface EngineSession {
  openedAt: number
  closedAt?: number
}

const KEPT_MAX = 10_000

/** Adds to a list that others hold, and forgets the oldest beyond a bound. */
export function keep<T>(list: T[], entry: T): void {
  list.push(entry)
  if (list.length > KEPT_MAX) list.shift()
}
