import { Readable } from 'node:stream'
import { type Context, Hono } from 'hono'
import { type ArtifactKind, isValidLink } from '../runtime/artifacts/links.ts'
import { type Recording, readRecording } from '../runtime/artifacts/store.ts'
import { invitationOf } from '../runtime/calls/appointment.ts'
import { readTranscript } from '../runtime/calls/read.ts'
import { eq } from '../runtime/db/drizzle.ts'
import { calls } from '../runtime/db/schema.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import type { Env } from './app.ts'
import { byteRange } from './byte-range.ts'

/** Transcripts, recordings and appointments behind signed, expiring links. A wrong or old signature looks like a thing that is not there. */
export function artifactRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/artifacts/t/:call', async (context) => {
    const callId = checkLink(deps, context, 't')
    const [call] = await deps.db.select({ id: calls.id }).from(calls).where(eq(calls.id, callId))
    if (!call) throw notThere()
    return context.json({ call_id: callId, turns: await readTranscript(deps.db, callId) })
  })
  app.get('/artifacts/r/:call', async (context) => {
    const name = checkLink(deps, context, 'r')
    const recording = await readRecording(deps.config, name)
    if (!recording) throw notThere()
    context.header('content-disposition', `inline; filename="${name}.wav"`)
    return play(context, recording)
  })
  app.get('/artifacts/c/:call', async (context) => {
    const callId = checkLink(deps, context, 'c')
    const invitation = await invitationOf(deps, callId)
    if (!invitation) throw notThere()
    context.header('content-disposition', `attachment; filename="${callId}.ics"`)
    return context.body(invitation, 200, { 'content-type': 'text/calendar; charset=utf-8' })
  })
  return app
}

/** The recording, or the part of it that a player seeks. `Range` counts for GET alone (RFC 9110, 14.2), and while `If-Range` holds. */
function play(context: Context, { bytes, version, read }: Recording): Response {
  const etag = `"${version}"`
  const isGet = context.req.method === 'GET'
  const holds = (context.req.header('if-range') ?? etag) === etag
  const range = isGet && holds ? byteRange(context.req.header('range'), bytes) : undefined
  const headers = { 'accept-ranges': 'bytes', etag }
  if (range === null) return context.newResponse(null, 416, { ...headers, 'content-range': `bytes */${bytes}` })
  const { from, to } = range ?? { from: 0, to: bytes - 1 }
  const part: Record<string, string> = range ? { 'content-range': `bytes ${from}-${to}/${bytes}` } : {}
  const told = { ...headers, ...part, 'content-type': 'audio/wav', 'content-length': String(to - from + 1) }
  const audio = isGet && bytes > 0 ? (Readable.toWeb(read(from, to)) as ReadableStream) : null
  return context.newResponse(audio, range ? 206 : 200, told)
}

/** @returns what the link is about. */
function checkLink(deps: Deps, context: Context, kind: ArtifactKind): string {
  const of = context.req.param('call') ?? ''
  const { expires = '', signature = '' } = context.req.query()
  if (!isValidLink(deps, kind, of, { expires, signature })) throw notThere()
  context.header('cache-control', 'private, no-store')
  return of
}

const notThere = () =>
  new ProblemError('not_found', 'This link is not valid, or not any more.', {
    suggestedAction: 'Fetch the call again: its answer has fresh links.',
  })
