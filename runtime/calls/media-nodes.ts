import type { Clock, Timer } from '../clock.ts'
import type { Db } from '../db/connect.ts'
import { eq, lt, sql } from '../db/drizzle.ts'
import { mediaNodes } from '../db/schema.ts'
import type { Deps } from '../deps.ts'

/** A process that carries conversations. */
export interface MediaNode {
  id: string
  url: string
}

const HEARTBEAT_MS = 1_500
/** A node whose heartbeat is older is not given calls. */
export const NODE_ALIVE_SECONDS = 4

/** Lets the others know of this process, by the database's clock, until it is gone. */
export async function registerNode(deps: Deps, node: MediaNode) {
  let timer: Timer | undefined
  let draining = false
  let stopped = false
  const beat = async () => {
    const now = { heartbeatAt: sql`now()`, draining }
    await deps.db
      .insert(mediaNodes)
      .values({ ...node, ...now })
      .onConflictDoUpdate({ target: mediaNodes.id, set: now })
    await deps.db.delete(mediaNodes).where(lt(mediaNodes.heartbeatAt, sql`now() - interval '1 minute'`))
  }
  const tried = () =>
    beat().catch((error) => deps.log.warn({ err: error }, 'the heartbeat of this process could not be written'))
  const again = () => {
    timer = deps.clock.setTimeout(() => void tried().finally(() => !stopped && again()), HEARTBEAT_MS)
  }
  await beat()
  again()
  return {
    /** It is given no more calls, and known to live while it carries the last ones. */
    async drain() {
      draining = true
      await tried()
    },
    async stop() {
      stopped = true
      deps.clock.clearTimeout(timer)
      await deps.db
        .delete(mediaNodes)
        .where(eq(mediaNodes.id, node.id))
        .catch(() => {})
    },
  }
}

/** By the ids of the nodes, when each was last heard of, in any unit. */
export const heartbeats = async (db: Db): Promise<Map<string, number>> =>
  new Map((await db.select().from(mediaNodes)).map(({ id, heartbeatAt }) => [id, heartbeatAt.getTime()]))

export interface NodeWatch {
  /** Whether a node is dead. False until it was watched for long enough: ask again. */
  isGone(nodeId: string): boolean
  close(): void
}

const LOOK_MS = 1_500
/** Longer than a living process takes to be heard of again once the database is back: it connects anew for 5 s at most. */
const LOOKS = 6
/** Of a node that has no row any more. */
const FORGET_LOOKS = 1_000

/**
 * A node is gone when so many looks in a row saw no sign of life. Each look has reached the database itself, so that an outage, in
 * which all heartbeats grow old, takes nobody for dead: the age of a heartbeat alone would.
 */
export function watchNodes(clock: Clock, look: () => Promise<Map<string, number>>): NodeWatch {
  const known = new Map<string, { beat: number | undefined; silent: number }>()
  let good = 0
  let timer: Timer | undefined
  let closed = false

  async function lookOnce(): Promise<void> {
    const startedMs = clock.monotonic()
    const beats = await look().catch(() => undefined)
    // A database that was slow to answer was away, too.
    const isGood = beats !== undefined && clock.monotonic() - startedMs < LOOK_MS
    good = isGood ? good + 1 : 0
    for (const id of new Set([...known.keys(), ...(beats?.keys() ?? [])])) {
      const beat = beats?.get(id)
      const node = known.get(id)
      const silent = isGood && node && node.beat === beat ? node.silent + 1 : 0
      if (silent > FORGET_LOOKS) known.delete(id)
      else known.set(id, { beat, silent })
    }
    later()
  }

  function later(): void {
    if (!closed) timer = clock.setTimeout(() => void lookOnce(), LOOK_MS)
  }

  later()
  return {
    isGone: (id) => (known.get(id)?.silent ?? good) >= LOOKS,
    close() {
      closed = true
      clock.clearTimeout(timer)
    },
  }
}
