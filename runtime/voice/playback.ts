import { createLag } from './lag.ts'
import { bytesPerMs, frameBytes, frameMs, silence } from './mulaw.ts'

/** How often {@link Playback.tick} is meant to run: two frames leave together, which costs hardly more than one. */
export const tickMs = 2 * frameMs

export interface PlaybackOutput {
  /** One frame to the carrier; `playsAtMs` is when the callee should hear it, on the clock that `tick` is given. */
  frame(frame: Buffer, item: string, playsAtMs: number): void
  mark(name: string): void
  /** The carrier drops what it has buffered. */
  clear(): void
  /** Everything of an item has been heard. */
  heard(item: string): void
}

export interface UnheardItem {
  item: string
  /** All the audio that has arrived, and whether no more will. */
  receivedMs: number
  finished: boolean
}

/** An item that was cut before its end. */
export interface CutItem extends UnheardItem {
  heardMs: number
}

export interface Playback {
  /** Queues audio; false when the queue is full or the item was cut, and nothing was taken. */
  add(item: string, audio: Buffer): boolean
  /** A whole item, before what is still to come of others; nothing of them is queued. */
  interject(item: string, audio: Buffer): void
  /** No more audio will come for the item. */
  finish(item: string): void
  /** The engine is gone: no more audio will come for anything. */
  finishAll(): void
  /** What is queued, or was not heard to its end. */
  readonly unheard: UnheardItem[]
  /** Sends what is due. Call it every frame, or as often as timers allow: it catches up. */
  tick(nowMs: number): void
  /** The carrier has played up to this mark. Marks of what was cut, and unknown ones, are ignored. */
  marked(name: string, nowMs: number): void
  /**
   * Stops at once; tells of each item that was not heard to its end what the callee will have heard once the carrier has obeyed,
   * to 50 ms, however far away it is.
   */
  cut(nowMs: number): CutItem[]
  /** Something is queued, or was sent and not heard yet. */
  readonly busy: boolean
  /** All that has come was heard, by our own reckoning, in the midst of an item. */
  starved(nowMs: number): boolean
  /** How much of what has come is still to be heard, by our own reckoning. */
  leftMs(nowMs: number): number
  /** When everything sent so far will have been heard, by our own reckoning. */
  readonly endsAtMs: number
  /** The way to the carrier and back, as far as marks have told. */
  readonly wayMs: number
}

/** What the carrier holds ahead of the callee's ear: enough for a late timer, little enough to cut quickly. */
const usualLeadMs = 160
/** Where ticks come late again and again (a busy machine, a clock many times too fast for it) the lead grows up to this. */
const maxLeadMs = 1_000
/** How much of the slowest tick is remembered at the next one. */
const slownessKept = 0.98
/** Often enough to see within moments that the carrier is behind, and one message in five. */
const markEveryMs = 100
const maxQueuedBytes = 120_000 * bytesPerMs
/** A carrier that forgets a mark must not leave the agent speaking for ever. */
const lostMarkMs = 2_000
/** Ticks in that time: a stalled event loop is not a carrier that forgot. */
const lostMarkTicks = 40
const maxItems = 64

interface Item {
  id: string
  chunks: Buffer[]
  queuedBytes: number
  receivedBytes: number
  /** Where its first frame stands in all the audio of this generation. */
  startsAtMs: number
  sentMs: number
  markedMs: number
  /** How much of others stands in its midst, and after how much of its own. */
  gapMs: number
  gapAtMs: number
  finished: boolean
}

interface PendingMark {
  name: string
  positionMs: number
  /** When it is reached, by our own reckoning. */
  dueMs: number
}

/**
 * Paced output to a carrier that buffers: a frame leaves when fewer than {@link usualLeadMs} are ahead of the ear, and named marks
 * (`item:ms:generation`) tell what was heard. A pure machine: time comes in, frames and marks go out.
 */
export function createPlayback(output: PlaybackOutput): Playback {
  let items: Item[] = []
  let marks: PendingMark[] = []
  let generation = 0
  let queuedBytes = 0
  let sentMs = 0
  let heardUpToMs = 0
  let endsAtMs = Number.NEGATIVE_INFINITY
  let overdueTicks = 0
  let tickedAtMs: number | null = null
  let slowestTickMs = 0
  const lag = createLag()
  /** The newest mark of what was cut: it was still out, so the clear alone makes the carrier return it. */
  let released: { name: string; clearedMs: number } | null = null
  /** Ids whose late audio must not play; the newest few are enough, since a cancelled response ends at once. */
  const dead: string[] = []

  const sendable = () => items.find((item) => item.queuedBytes > 0 || !item.finished)
  const settle = () => {
    while (items[0] && isHeard(items[0])) output.heard(items.shift()!.id)
  }
  const isHeard = (item: Item) =>
    item.finished && item.queuedBytes === 0 && heardUpToMs >= item.startsAtMs + item.gapMs + item.sentMs

  function sendFrame(item: Item, nowMs: number): void {
    const before = item.queuedBytes
    const frame = takeFrame(item)
    queuedBytes -= before - item.queuedBytes
    if (item.sentMs === 0) item.startsAtMs = sentMs
    const apartMs = sentMs - item.startsAtMs - item.gapMs - item.sentMs
    if (apartMs > 0) Object.assign(item, { gapMs: item.gapMs + apartMs, gapAtMs: item.sentMs })
    if (endsAtMs < nowMs) lag.began(nowMs)
    const playsAtMs = Math.max(endsAtMs, nowMs)
    endsAtMs = playsAtMs + frameMs
    sentMs += frameMs
    item.sentMs += frameMs
    output.frame(frame, item.id, playsAtMs)
    if (item.sentMs - item.markedMs >= markEveryMs) sendMark(item)
  }

  function sendMark(item: Item): void {
    item.markedMs = item.sentMs
    const name = `${item.id}:${item.sentMs}:${generation}`
    marks.push({ name, positionMs: sentMs, dueMs: endsAtMs })
    output.mark(name)
  }

  function finish(id: string): void {
    const item = items.find((one) => one.id === id)
    if (item) item.finished = true
    if (item && item.queuedBytes === 0 && item.markedMs < item.sentMs) sendMark(item)
    settle()
  }

  /**
   * Where the ear stands when a clear that leaves now arrives. The clear is as long on its way as the audio was, so this is our
   * own reckoning, whatever the way takes, less what the carrier holds back; what marks have told was heard at least.
   */
  function heardPositionMs(nowMs: number): number {
    const atMs = nowMs - lag.heldMs(nowMs, marks[0]?.dueMs)
    return Math.max(heardUpToMs, sentMs - Math.max(0, endsAtMs - atMs))
  }

  function heardOf(item: Item, positionMs: number): number {
    const sinceMs = positionMs - item.startsAtMs
    const ownMs = item.gapMs === 0 ? sinceMs : Math.max(Math.min(sinceMs, item.gapAtMs), sinceMs - item.gapMs)
    return Math.max(0, Math.floor(Math.min(ownMs, item.sentMs, item.receivedBytes / bytesPerMs)))
  }

  return {
    add(id, audio) {
      if (dead.includes(id) || queuedBytes + audio.length > maxQueuedBytes) return false
      let item = items.find((one) => one.id === id)
      if (!item) {
        if (items.length === maxItems) return false
        item = newItem(id)
        items.push(item)
      }
      item.chunks.push(audio)
      item.queuedBytes += audio.length
      item.receivedBytes += audio.length
      queuedBytes += audio.length
      return true
    },
    interject(id, audio) {
      items.unshift({ ...newItem(id), chunks: [audio], queuedBytes: audio.length, receivedBytes: audio.length })
      queuedBytes += audio.length
      finish(id)
    },
    finish,
    finishAll() {
      for (const item of [...items]) finish(item.id)
    },
    tick(nowMs) {
      slowestTickMs = Math.max(nowMs - (tickedAtMs ?? nowMs), slowestTickMs * slownessKept)
      tickedAtMs = nowMs
      const leadMs = Math.min(maxLeadMs, Math.max(usualLeadMs, 2 * slowestTickMs))
      for (let item = sendable(); item && endsAtMs - nowMs < leadMs; item = sendable()) {
        if (item.queuedBytes < frameBytes && !item.finished) break
        if (item.queuedBytes > 0) sendFrame(item, nowMs)
        if (item.finished && item.queuedBytes === 0 && item.markedMs < item.sentMs) sendMark(item)
      }
      overdueTicks = marks.length > 0 && nowMs >= endsAtMs ? overdueTicks + 1 : 0
      if (overdueTicks >= lostMarkTicks && nowMs >= endsAtMs + lostMarkMs) {
        heardUpToMs = sentMs
        marks = []
      }
      settle()
    },
    marked(name, nowMs) {
      if (name === released?.name) lag.echoed(released.clearedMs, nowMs)
      const index = marks.findIndex((mark) => mark.name === name)
      if (index === -1) return
      lag.returned(marks[index]!.dueMs, nowMs)
      heardUpToMs = Math.max(heardUpToMs, marks[index]!.positionMs)
      marks = marks.slice(index + 1)
      settle()
    },
    cut(nowMs) {
      const positionMs = heardPositionMs(nowMs)
      const cuts = items.map((item) => ({
        ...unheard(item),
        heardMs: item.sentMs === 0 ? 0 : heardOf(item, positionMs),
      }))
      dead.push(...items.map(({ id }) => id))
      dead.splice(0, Math.max(0, dead.length - maxItems))
      const last = marks.at(-1)
      if (sentMs > heardUpToMs || last) output.clear()
      released = last && last.dueMs > nowMs ? { name: last.name, clearedMs: nowMs } : null
      generation += 1
      items = []
      marks = []
      queuedBytes = 0
      sentMs = 0
      heardUpToMs = 0
      endsAtMs = nowMs
      return cuts
    },
    get unheard() {
      return items.map(unheard)
    },
    get busy() {
      return items.length > 0
    },
    starved: (nowMs) =>
      items.length > 0 && queuedBytes < frameBytes && nowMs >= endsAtMs && items.some((one) => !one.finished),
    leftMs: (nowMs) => queuedBytes / bytesPerMs + Math.max(0, endsAtMs - nowMs),
    get endsAtMs() {
      return endsAtMs
    },
    get wayMs() {
      return lag.wayMs
    },
  }
}

const newItem = (id: string): Item => ({
  id,
  chunks: [],
  queuedBytes: 0,
  receivedBytes: 0,
  startsAtMs: 0,
  sentMs: 0,
  markedMs: 0,
  gapMs: 0,
  gapAtMs: 0,
  finished: false,
})

const unheard = ({ id, receivedBytes, finished }: Item): UnheardItem => ({
  item: id,
  receivedMs: Math.floor(receivedBytes / bytesPerMs),
  finished,
})

/** The next 160 bytes of an item; the last frame is filled up with silence. */
function takeFrame(item: Item): Buffer {
  const head = item.chunks[0]!
  if (head.length >= frameBytes) {
    if (head.length === frameBytes) item.chunks.shift()
    else item.chunks[0] = head.subarray(frameBytes)
    item.queuedBytes -= frameBytes
    return head.subarray(0, frameBytes)
  }
  const frame = Buffer.alloc(frameBytes, silence)
  let filled = 0
  while (filled < frameBytes && item.chunks.length > 0) {
    const chunk = item.chunks.shift()!
    const taken = Math.min(chunk.length, frameBytes - filled)
    chunk.copy(frame, filled, 0, taken)
    if (taken < chunk.length) item.chunks.unshift(chunk.subarray(taken))
    filled += taken
  }
  item.queuedBytes -= filled
  return frame
}
