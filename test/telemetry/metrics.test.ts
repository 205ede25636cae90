import { createNoopMeter, metrics } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { connect } from '../../runtime/db/connect.ts'
import { openLog } from '../../runtime/log.ts'
import { openTelemetry } from '../../runtime/telemetry/spans.ts'
import { freshDatabase } from '../harness/database.ts'
import { people } from '../harness/talkif.ts'
import { startCalls } from '../voice/sandbox-call.ts'

test('every stage of a turn is counted, and what took longer than its budget once more', async ({ onTestFinished }) => {
  const seen: { metric: string; value: number; stage: unknown }[] = []
  const instrument = (metric: string) => ({
    record: (value: number, attributes?: { stage?: unknown }) => seen.push({ metric, value, stage: attributes?.stage }),
    add: (value: number, attributes?: { stage?: unknown }) => seen.push({ metric, value, stage: attributes?.stage }),
  })
  const meter = { ...createNoopMeter(), createHistogram: instrument, createCounter: instrument }
  metrics.setGlobalMeterProvider({ getMeter: () => meter as never })
  onTestFinished(() => metrics.disable())
  const database = await freshDatabase()
  const { sql, db } = connect(database.url, 2)
  const telemetry = openTelemetry(db, openLog('silent'))
  onTestFinished(async () => {
    await telemetry.close()
    await sql.end()
    await database.drop()
  })

  // A model that takes more than a second for each answer.
  const calls = await startCalls({ chaos: { engine: { slowMs: 90 } } })
  onTestFinished(() => calls.close())
  const phrases = { filler: 'One moment, please.' }
  const { spans, turns } = await calls.call({ to: people.books, conversation: { phrases } })
  const ref = { traceId: telemetry.newTraceId() }
  for (const { name, ms, attributes } of spans)
    telemetry.span(ref, name, { startedAt: 0, endedAt: ms, attributes: attributes as never })

  const staged = spans.filter(({ name }) => ['stt', 'llm', 'tts', 'turn'].includes(name))
  const of = (metric: string) => seen.filter((it) => it.metric === metric).map(({ stage }) => stage)
  expect(staged.length).toBeGreaterThan(4)
  expect(of('talkif.voice.stage.duration')).toEqual(staged.map(({ name }) => name))
  const over = staged.filter(({ attributes }) => attributes.budget_exceeded === true)
  expect(of('talkif.voice.budget_exceeded')).toEqual(over.map(({ name }) => name))
  expect(over.map(({ name }) => name)).toEqual(expect.arrayContaining(['llm', 'turn']))
  // Nobody waits in silence meanwhile.
  expect(turns.map(({ text }) => text)).toContain(phrases.filler)
})
