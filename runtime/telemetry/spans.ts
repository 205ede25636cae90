import { metrics, ROOT_CONTEXT, type SpanContext, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import {
  BatchSpanProcessor,
  type IdGenerator,
  NodeTracerProvider,
  RandomIdGenerator,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node'
import type { Db } from '../db/connect.ts'
import { sql } from '../db/drizzle.ts'
import { columnsOf } from '../db/rows.ts'
import { spans } from '../db/schema.ts'
import type { Log } from '../log.ts'

/** Where a span hangs: the trace of a call, and the span above it. */
export interface TraceRef {
  traceId: string
  parentSpanId: string
}

export interface SpanFacts {
  /** Epoch milliseconds. */
  startedAt: number
  endedAt: number
  /** What the trace row shows: `ok`, `booked`, `skipped`, … */
  status?: string
  attributes?: Record<string, string | number | boolean>
  /** Give the span this id, because its children were written first. */
  spanId?: string
}

export interface Telemetry {
  newTraceId(): string
  newSpanId(): string
  /** @returns the span's id. */
  span(ref: TraceRef | { traceId: string }, name: string, facts: SpanFacts): string
  /** Resolves when every span that was told before is written, or was tried. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Where the spans of a call hang: below the request that brought its lead. */
export const traceOf = (call: { traceId: string; rootSpanId: string }): TraceRef => ({
  traceId: call.traceId,
  parentSpanId: call.rootSpanId,
})

/** Marks the rows of a trace that the product page prints. */
export const MILESTONE = 'talkif.milestone'
const STATUS = 'talkif.status'

/**
 * Spans through the OpenTelemetry API into the `spans` table, in batches off the request's path.
 * They are written with their own start and end, because one trace crosses processes and outlives requests.
 */
export function openTelemetry(db: Db, log: Log): Telemetry {
  const random = new RandomIdGenerator()
  const next: { traceId?: string; spanId?: string } = {}
  const idGenerator: IdGenerator = {
    generateTraceId: () => next.traceId ?? random.generateTraceId(),
    generateSpanId: () => next.spanId ?? random.generateSpanId(),
  }
  const exporter = new PostgresExporter(db, log)
  const processor = new BatchSpanProcessor(exporter, {
    scheduledDelayMillis: 150,
    maxQueueSize: 20_000,
    maxExportBatchSize: 500,
  })
  const provider = new NodeTracerProvider({ idGenerator, spanProcessors: [processor] })
  const tracer = provider.getTracer('talkif')
  const count = stageMetrics()
  return {
    newTraceId: () => random.generateTraceId(),
    newSpanId: () => random.generateSpanId(),
    span(ref, name, { startedAt, endedAt, status = 'ok', attributes = {}, spanId }) {
      const above: SpanContext | undefined =
        'parentSpanId' in ref
          ? { traceId: ref.traceId, spanId: ref.parentSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
          : undefined
      // Starting a span is synchronous, so the ids cannot reach another span.
      next.traceId = ref.traceId
      next.spanId = spanId
      const span = tracer.startSpan(
        name,
        { startTime: startedAt, attributes: { ...attributes, [STATUS]: status }, root: !above },
        above ? trace.setSpanContext(ROOT_CONTEXT, above) : ROOT_CONTEXT,
      )
      next.traceId = undefined
      next.spanId = undefined
      if (status === 'error') span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(Math.max(endedAt, startedAt))
      if (attributes.budget_ms !== undefined) count(name, endedAt - startedAt, attributes.budget_exceeded === true)
      return span.spanContext().spanId
    },
    async flush() {
      await processor.forceFlush()
      // The processor waits for what it begins now, not for a batch that is on its way already.
      await exporter.settled()
    },
    close: () => provider.shutdown(),
  }
}

/**
 * The stages of turns as metrics of the OpenTelemetry API. Whoever wants them registers a MeterProvider before the server starts
 * (`node --import`); without one they cost nothing and go nowhere.
 */
function stageMetrics() {
  const meter = metrics.getMeter('talkif')
  const durations = meter.createHistogram('talkif.voice.stage.duration', {
    unit: 'ms',
    description: 'How long a stage of a turn took, of the call’s own time: stt, llm, tts, turn.',
  })
  const overruns = meter.createCounter('talkif.voice.budget_exceeded', {
    unit: '{stage}',
    description: 'Stages of turns that took longer than their budget.',
  })
  return (stage: string, ms: number, exceeded: boolean) => {
    durations.record(ms, { stage })
    if (exceeded) overruns.add(1, { stage })
  }
}

const EXPORT_SUCCESS = 0
const KEPT = 20_000

/** Keeps what could not be written, up to a bound, for the next batch: a database that was away loses few spans. */
class PostgresExporter implements SpanExporter {
  readonly #db: Db
  readonly #log: Log
  #kept: ReadableSpan[] = []
  /** How many were written; what is tried again keeps its place before what comes after it. */
  #position = 0
  readonly #writing = new Set<Promise<void>>()

  constructor(db: Db, log: Log) {
    this.#db = db
    this.#log = log
  }

  export(batch: ReadableSpan[], done: (result: { code: number }) => void): void {
    const all = [...this.#kept, ...batch].slice(-KEPT)
    this.#kept = []
    const written = this.#write(all)
      .catch((error) => {
        this.#kept = [...all, ...this.#kept].slice(-KEPT)
        this.#log.warn({ err: error }, 'spans could not be written; kept for the next try')
      })
      .then(() => {
        this.#writing.delete(written)
        done({ code: EXPORT_SUCCESS })
      })
    this.#writing.add(written)
  }

  /** Resolves when nothing is being written any more of what was when it was asked. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing)
  }

  async #write(all: ReadableSpan[]): Promise<void> {
    const columns = columnsOf(spans)
    for (let at = 0; at < all.length; at += 500) {
      // As JSON, any number of rows is one and the same statement with one parameter.
      const rows = JSON.stringify(all.slice(at, at + 500).map((span) => row(span, ++this.#position)))
      await this.#db.execute(
        sql`insert into ${spans} (${columns}) select ${columns} from json_populate_recordset(null::${spans}, ${rows}::text::json) on conflict do nothing`,
      )
    }
  }

  shutdown(): Promise<void> {
    return this.settled()
  }
}

const ms = ([seconds, nanos]: [number, number]) => new Date(seconds * 1000 + nanos / 1e6)

/** By the names of the table's columns. */
function row(span: ReadableSpan, position: number) {
  const { [STATUS]: status, ...attributes } = span.attributes as Record<string, string | number | boolean>
  return {
    trace_id: span.spanContext().traceId,
    span_id: span.spanContext().spanId,
    parent_span_id: span.parentSpanContext?.spanId ?? null,
    name: span.name,
    started_at: ms(span.startTime),
    ended_at: ms(span.endTime),
    status: String(status),
    attributes,
    position,
  }
}
