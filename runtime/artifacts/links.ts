import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../deps.ts'

/** Transcript, recording, calendar. */
export type ArtifactKind = 't' | 'r' | 'c'

type LinkDeps = Pick<Deps, 'clock' | 'config' | 'secrets'>

/** As long as a webhook may be retried (80 h), and a day more. */
const HOUR_MS = 3_600_000
const LIVES_MS = 104 * HOUR_MS

/**
 * Signed links to a call's transcript, recording and appointment. They expire; `getCall` gives fresh ones.
 * @param wasAnswered whether anybody or anything picked up, in any attempt; else there is nothing to read or hear.
 * @param isKept false when no recording of it could be written.
 */
export function artifactLinks(
  deps: LinkDeps,
  call: { id: string; recorded: boolean; booking?: object | null },
  wasAnswered: boolean,
  isKept = true,
) {
  return {
    transcript_url: wasAnswered ? link(deps, 't', call.id) : null,
    recording_url: wasAnswered && call.recorded && isKept ? link(deps, 'r', call.id) : null,
    calendar_url: call.booking ? link(deps, 'c', call.id) : null,
  }
}

/** To what one dial recorded. */
export const recordingLink = (deps: LinkDeps, callId: string, attempt: number): string =>
  link(deps, 'r', recordingOf(callId, attempt))

/** The name of one dial's recording; a call's own id stands for its last one. */
export const recordingOf = (callId: string, attempt: number): string => `${callId}.${attempt}`

/** @param of a call's id, or the name of one of its recordings. */
function link(deps: LinkDeps, kind: ArtifactKind, of: string): string {
  // To the hour, so that an unchanged call reads the same and its ETag holds.
  const expires = Math.ceil((deps.clock.now() + LIVES_MS) / HOUR_MS) * 3600
  return `${deps.config.publicUrl}/artifacts/${kind}/${of}?expires=${expires}&signature=${signature(deps, kind, of, expires)}`
}

/** Whether a link was made here and is still valid. */
export function isValidLink(
  deps: Pick<Deps, 'clock' | 'secrets'>,
  kind: ArtifactKind,
  of: string,
  given: { expires: string; signature: string },
): boolean {
  const expires = Number(given.expires)
  if (!Number.isInteger(expires) || expires * 1000 < deps.clock.now()) return false
  const wanted = Buffer.from(signature(deps, kind, of, expires))
  const got = Buffer.from(given.signature)
  return wanted.length === got.length && timingSafeEqual(wanted, got)
}

const signature = (deps: Pick<Deps, 'secrets'>, kind: ArtifactKind, of: string, expires: number): string =>
  createHmac('sha256', deps.secrets.artifactLinks).update(`${kind}/${of}/${expires}`).digest('base64url')
