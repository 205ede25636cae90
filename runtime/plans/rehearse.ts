import type { Tx } from '../db/connect.ts'
import type { Deps } from '../deps.ts'

/** Carries what a rehearsal found out of the transaction that it rolls back. */
class Rehearsed extends Error {
  readonly result: unknown
  constructor(result: unknown) {
    super('rolled back, as it was only tried')
    this.result = result
  }
}

/** What `work` would do, by doing it in a transaction that is rolled back. @throws what `work` throws. */
export async function rehearse<T>({ db }: Pick<Deps, 'db'>, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    await db.transaction(async (tx) => {
      throw new Rehearsed(await work(tx))
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T
    throw error
  }
  throw new Error('a rehearsal was not rolled back')
}
