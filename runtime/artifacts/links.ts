import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../deps.ts'

/** Transcript, recording, calendar. */
export type ArtifactKind = 't' | 'r' | 'c'

/** As long as a webhook may be retried (80 h), and a day more. */
const HOUR_MS = 3_600_000
const LIVES_MS = 104 * HOUR_MS

/**
 * Signed links to a call's transcript, recording and appointment. They expire; `getCall` gives fresh ones.
 * @param wasAnswered whether anybody or anything picked up, in any attempt; else there is nothing to read or hear.
 */
export function artifactLinks(
  deps: Pick<Deps, 'clock' | 'config' | 'secrets'>,
  call: { id: string; recorded: boolean; booking?: object | null },
  wasAnswered: boolean,
) {
  // To the hour, so that an unchanged call reads the same and its ETag holds.
  const expires = Math.ceil((deps.clock.now() + LIVES_MS) / HOUR_MS) * 3600
  const link = (kind: ArtifactKind) =>
    `${deps.config.publicUrl}/artifacts/${kind}/${call.id}?expires=${expires}&signature=${signature(deps, kind, call.id, expires)}`
  return {
    transcript_url: wasAnswered ? link('t') : null,
    recording_url: wasAnswered && call.recorded ? link('r') : null,
    calendar_url: call.booking ? link('c') : null,
  }
}

/** Whether a link was made here and is still valid. */
export function isValidLink(
  deps: Pick<Deps, 'clock' | 'secrets'>,
  kind: ArtifactKind,
  callId: string,
  given: { expires: string; signature: string },
): boolean {
  const expires = Number(given.expires)
  if (!Number.isInteger(expires) || expires * 1000 < deps.clock.now()) return false
  const wanted = Buffer.from(signature(deps, kind, callId, expires))
  const got = Buffer.from(given.signature)
  return wanted.length === got.length && timingSafeEqual(wanted, got)
}

const signature = (deps: Pick<Deps, 'secrets'>, kind: ArtifactKind, callId: string, expires: number): string =>
  createHmac('sha256', deps.secrets.artifactLinks).update(`${kind}/${callId}/${expires}`).digest('base64url')
