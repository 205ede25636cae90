import { Readable } from 'node:stream'
import { eq } from 'drizzle-orm'
import { type Context, Hono } from 'hono'
import { isValidLink } from '../runtime/artifacts/links.ts'
import { readRecording } from '../runtime/artifacts/store.ts'
import { readTranscript } from '../runtime/calls/read.ts'
import { calls } from '../runtime/db/schema.ts'
import type { Deps } from '../runtime/deps.ts'
import { ProblemError } from '../runtime/problem.ts'
import type { Env } from './app.ts'

/** Transcripts and recordings behind signed, expiring links. A wrong or old signature looks like a thing that is not there. */
export function artifactRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/artifacts/t/:call', async (context) => {
    const callId = checkLink(deps, context, 't')
    const [call] = await deps.db.select({ id: calls.id }).from(calls).where(eq(calls.id, callId))
    if (!call) throw notThere()
    return context.json({ call_id: callId, turns: await readTranscript(deps.db, callId) })
  })
  app.get('/artifacts/r/:call', async (context) => {
    const callId = checkLink(deps, context, 'r')
    const recording = await readRecording(deps.config, callId)
    if (!recording) throw notThere()
    return new Response(Readable.toWeb(recording.stream) as ReadableStream, {
      headers: {
        'content-type': 'audio/wav',
        'content-length': String(recording.bytes),
        'content-disposition': `inline; filename="${callId}.wav"`,
      },
    })
  })
  return app
}

function checkLink(deps: Deps, context: Context, kind: 't' | 'r'): string {
  const callId = context.req.param('call') ?? ''
  const { expires = '', signature = '' } = context.req.query()
  if (!isValidLink(deps, kind, callId, { expires, signature })) throw notThere()
  context.header('cache-control', 'private, no-store')
  return callId
}

const notThere = () =>
  new ProblemError('not_found', 'This link is not valid, or not any more.', {
    suggestedAction: 'Fetch the call again: its answer has fresh links.',
  })
