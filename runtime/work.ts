import type { Tx } from './db/connect.ts'

/** What an executed request is answered with. */
export interface Answer<O = unknown> {
  status: number
  body: O
}

/**
 * The writing half of an operation, after its checks: `write` runs in one transaction together with the idempotency record,
 * `written` once that is committed.
 */
export interface Work<O> {
  write(tx: Tx): Promise<Answer<O>>
  /** The same in a transaction of its own choice, for a request that has no idempotency record to write with it. */
  writeAlone?(): Promise<Answer<O>>
  written?(): void | Promise<void>
}

/** What was checked had changed when it was to be written: check again. */
export class StartOver extends Error {
  override name = 'StartOver'
}
