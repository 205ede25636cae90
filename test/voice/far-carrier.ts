import { createPlayback } from '../../runtime/voice/playback.ts'

export interface Distance {
  /** One way each, in milliseconds. */
  outMs: number
  backMs: number
  /** Each message takes up to so much more or less; they never overtake each other. */
  jitterMs: number
  /** What the carrier holds before it begins to play. */
  holdsMs?: number
  /** Where its 20 ms frames begin, and how much its clock is off. */
  phaseMs?: number
  driftPpm?: number
}

type Sent = { atMs: number; what: 'frame' | 'clear' | { mark: string }; item: string }

/**
 * A carrier far away, which plays in real time what has arrived; time passes from one event to the next. `random` gives 0 to 1.
 */
export function farCarrier(far: Distance, random: () => number) {
  const { outMs, backMs, jitterMs, holdsMs = 0, phaseMs = 0, driftPpm = 0 } = far
  let nowMs = 0
  let ticks = 0
  let played = 0
  let holdsUntilMs = 0
  let opensAtMs = 0
  const wayOut: Sent[] = []
  const wayBack: { atMs: number; mark: string }[] = []
  let buffer: Sent[] = []
  let heardMs = new Map<string, number>()
  const jitter = () => (random() * 2 - 1) * jitterMs
  const after = (last: { atMs: number } | undefined, delayMs: number) =>
    Math.max(last?.atMs ?? 0, nowMs + Math.max(0, delayMs + jitter()))
  const leave = (what: Sent['what'], item = '') =>
    wayOut.push({ atMs: Math.max(opensAtMs, after(wayOut.at(-1), outMs)), what, item })
  const reached = (mark: string) => wayBack.push({ atMs: after(wayBack.at(-1), backMs), mark })

  const playback = createPlayback({
    frame: (_frame, item) => leave('frame', item),
    mark: (mark) => leave({ mark }),
    clear: () => leave('clear'),
    heard: () => {},
  })

  function passMarks() {
    while (buffer[0] && typeof buffer[0].what === 'object') reached((buffer.shift()!.what as { mark: string }).mark)
  }

  function arrive(sent: Sent) {
    if (sent.what !== 'clear') {
      if (buffer.length === 0) holdsUntilMs = nowMs + holdsMs
      buffer.push(sent)
      if (typeof buffer[0]!.what === 'object') passMarks()
      return
    }
    const rest = buffer
    buffer = []
    for (const { what } of rest) if (typeof what === 'object') reached(what.mark)
  }

  /** What a frame's end has passed is reached then, a frame later than it began. */
  function play() {
    passMarks()
    if (nowMs < holdsUntilMs) return
    const frame = buffer.shift()
    if (frame) heardMs.set(frame.item, (heardMs.get(frame.item) ?? 0) + 20)
  }

  const frameMs = 20 * (1 + driftPpm / 1e6)
  const nextTickMs = () => (ticks + 1) * 20
  const nextFrameMs = () => phaseMs + (played + 1) * frameMs

  function happen() {
    while (wayOut[0] && wayOut[0].atMs <= nowMs) arrive(wayOut.shift()!)
    for (; nextFrameMs() <= nowMs; played += 1) play()
    while (wayBack[0] && wayBack[0].atMs <= nowMs) playback.marked(wayBack.shift()!.mark, nowMs)
    for (; nextTickMs() <= nowMs; ticks += 1) playback.tick(nowMs)
  }

  function pass(ms: number) {
    const untilMs = nowMs + ms
    for (;;) {
      const later = (sent: { atMs: number } | undefined) => sent?.atMs ?? Number.POSITIVE_INFINITY
      const nextMs = Math.min(nextTickMs(), nextFrameMs(), later(wayOut[0]), later(wayBack[0]))
      if (nextMs > untilMs) break
      nowMs = Math.max(nowMs, nextMs)
      happen()
    }
    nowMs = untilMs
  }

  return {
    playback,
    pass,
    /** Nothing more arrives at the carrier for so long: it runs dry. */
    stall(ms: number) {
      opensAtMs = nowMs + outMs + ms
    },
    /** Cuts; by how much we are wrong about what was heard of each item, in milliseconds. */
    cut(): { item: string; heardMs: number; wrongMs: number }[] {
      const cuts = playback.cut(nowMs)
      const before = heardMs
      // Until the clear has arrived, and every echo is back.
      pass(outMs + backMs + 4 * jitterMs + 20)
      heardMs = new Map()
      return cuts.map((cut) => ({
        ...{ item: cut.item, heardMs: cut.heardMs },
        wrongMs: cut.heardMs - Math.min(cut.receivedMs, before.get(cut.item) ?? 0),
      }))
    },
  }
}
