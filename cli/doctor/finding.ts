/** One line of `talkif doctor`. */
export interface Finding {
  /** What was looked at. */
  what: string
  state: 'ok' | 'warn' | 'fail'
  found: string
  /** What to do about it, for what is not ok. */
  mend?: string
}

export const ok = (what: string, found: string): Finding => ({ what, state: 'ok', found })
export const warn = (what: string, found: string, mend: string): Finding => ({ what, state: 'warn', found, mend })
export const fail = (what: string, found: string, mend: string): Finding => ({ what, state: 'fail', found, mend })

/** How long any single thing that is asked may take. */
export const PATIENCE_MS = 5_000

/** An answer over HTTP; undefined when nobody gave one in time. */
export const asked = (url: string, headers: Record<string, string> = {}): Promise<Response | undefined> =>
  fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined)

/** Whether a clock that shows `theirs` differs from ours by more than signatures and time stamps bear. */
export function clockFinding(what: string, theirs: number, ours: number, toleranceMs: number): Finding {
  const seconds = Math.round(Math.abs(theirs - ours) / 100) / 10
  if (seconds * 1000 <= toleranceMs) return ok(what, `agrees with this machine's to ${Math.ceil(seconds)} s`)
  const side = theirs > ours ? 'ahead of' : 'behind'
  return fail(
    what,
    `${seconds} s ${side} this machine's`,
    'Let both take their time from the network (NTP); signatures need it.',
  )
}
