import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, type Db } from '../../runtime/db/connect.ts'
import { calls, leads } from '../../runtime/db/schema.ts'
import { newId } from '../../runtime/ids.ts'
import { type JobRuntime, openJobs } from '../../runtime/jobs/boss.ts'
import { openLog } from '../../runtime/log.ts'
import { openTelemetry } from '../../runtime/telemetry/spans.ts'
import { answerCommands } from './child.ts'
import { phoneOf } from './leads.ts'
import { ownUsage } from './usage.ts'

/**
 * The least that taking a lead can cost: a transaction that inserts its two rows and sends one job, and nothing else. Same
 * tables, same pool, same driver as the product's. It runs in a loop of its own, or for each request of a bare HTTP server.
 */
let db: Db
let jobs: JobRuntime
let end: () => Promise<void>
let next = 0

function rows(workspaceId: string) {
  const at = new Date()
  const shared = { workspaceId, mode: 'test' as const, phone: phoneOf(5_000_000 + next++) }
  const lead = {
    ...{ ...shared, id: newId('lead'), country: 'US', zones: ['America/New_York'], source: 'web_form' },
    ...{ intent: 'pricing', language: 'en', name: 'Ada Lovelace', email: 'ada@example.com', consent: true as const },
    ...{ callWithinSeconds: 60, externalId: `form-${next}`, metadata: { page: '/pricing' }, receivedAt: at },
  }
  const call = {
    ...{ ...shared, id: newId('call'), leadId: lead.id, flowId: 'flow_pricing_v3', flowVersion: 1 },
    ...{ openPhone: shared.phone, status: 'queued' as const, recorded: true, clockOrigin: at, clockRate: 1 },
    ...{ traceId: 'a'.repeat(32), rootSpanId: 'b'.repeat(16), createdAt: at, updatedAt: at },
  }
  return { lead, call }
}

/** Whatever is asked, one bare transaction; nobody is authenticated and nothing is read. */
function serveTransactions(workspaceId: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      transaction(workspaceId).then(
        () => response.writeHead(202, { 'content-type': 'application/json', 'content-length': 2 }).end('{}'),
        () => response.writeHead(500).end(),
      )
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

async function transaction(workspaceId: string): Promise<void> {
  const { lead, call } = rows(workspaceId)
  await db.transaction(async (tx) => {
    await Promise.all([
      tx.insert(leads).values(lead),
      tx.insert(calls).values(call),
      jobs.send(tx, 'dial', { callId: call.id }),
    ])
  })
}

answerCommands(
  {
    async open({ databaseUrl, maxConnections }: { databaseUrl: string; maxConnections: number }) {
      const pool = connect(databaseUrl, maxConnections)
      db = pool.db
      jobs = await openJobs(databaseUrl, false, openLog('error'))
      end = () => pool.sql.end()
    },
    usage: ownUsage,
    serve: ({ workspaceId }: { workspaceId: string }) => serveTransactions(workspaceId),
    async run({ workspaceId, concurrency, ms }: { workspaceId: string; concurrency: number; ms: number }) {
      const start = performance.now()
      let done = 0
      const one = async () => {
        while (performance.now() - start < ms) {
          await transaction(workspaceId)
          done++
        }
      }
      await Promise.all(Array.from({ length: concurrency }, one))
      return { done, ms: performance.now() - start }
    },
    /** Writes `count` spans as the product does. */
    async spans({ count }: { count: number }) {
      const telemetry = openTelemetry(db, openLog('error'))
      const start = performance.now()
      for (let at = 0; at < count; at++) {
        const ref = { traceId: telemetry.newTraceId(), parentSpanId: telemetry.newSpanId() }
        const now = Date.now()
        telemetry.span(ref, 'dial.start', {
          startedAt: now - 5,
          endedAt: now,
          attributes: { attempt: 1, mode: 'test' },
        })
      }
      await telemetry.close()
      return { count, ms: performance.now() - start }
    },
  },
  async () => {
    await jobs.stop()
    await end()
  },
)
