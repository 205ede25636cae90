import type { MediaHandlers, MediaStream } from '../../runtime/carrier/port.ts'
import type { Engine } from '../../runtime/voice/engine.ts'
import type { EngineEvent } from '../../runtime/voice/engine-events.ts'
import { startLoop } from '../../runtime/voice/loop.ts'
import type { Conversation, Desk, EndedBy, Recorder, ToolResult, Turn } from '../../runtime/voice/port.ts'
import { conversation } from './sandbox-call.ts'
import { virtualClock } from './virtual-clock.ts'

export const loud = Buffer.alloc(160, 0x20)
export const quiet = Buffer.alloc(160, 0xff)
export const ms = (length: number) => Buffer.alloc(length * 8, 0x30)

/** What the engine was asked to say, of all that it was told. */
export const asks = (calls: readonly string[]) => calls.filter((call) => call.startsWith('ask'))

export interface Plan {
  conversation?: Partial<Conversation>
  tool?: (name: string) => Promise<ToolResult>
  heard?: (text: string) => ToolResult | undefined
  digit?: (digit: string) => ToolResult | undefined | Promise<ToolResult | undefined>
  /** Whether something goes on that the caller waits for. */
  waits?: () => boolean
  turnsFail?: boolean
  renderFails?: boolean
  recorder?: Recorder
  /** False: no media comes and no mark returns by itself. */
  carrierPlays?: boolean
  /** So many frames of the caller's have come before anybody listened. */
  early?: number
  /** What the engine has told before anybody listened. */
  held?: EngineEvent[]
}

/**
 * A conversation on a virtual clock, whose engine and carrier do only what the test says. The carrier plays 20 ms in 20 ms,
 * returns marks and sends the caller's `mouth`.
 */
export function converse(plan: Plan = {}) {
  const time = virtualClock()
  const calls: string[] = []
  const turns: Turn[] = []
  const steps: { step: string; atMs: number }[] = []
  const ended: { by: EndedBy; detail?: string }[] = []
  const sent: { atMs: number }[] = []
  const spans: string[] = []
  const turnsTookMs: number[] = []
  /** What each session that was opened anew was told. */
  const replayed: string[][] = []
  const queue: (Buffer | string)[] = []
  let tell: (event: EngineEvent) => void = () => {}
  let handlers: MediaHandlers | undefined
  let frames = 0
  let open = true
  let onStands = () => {}
  let stands = true
  let keptMs = 0
  const line = { mouth: quiet as Buffer | null, lastMarkMs: 0, appended: 0, sessionFrom: 0 }
  const note = (step: string) => steps.push({ step, atMs: time.monotonic() })

  const engine: Engine = {
    kind: 'realtime',
    ready: Promise.resolve(),
    opened: { startedAt: time.now() - 500, endedAt: time.now() },
    listen(listener) {
      tell = listener
      for (const event of plan.held ?? []) tell(event)
    },
    appendAudio(audio) {
      if (audio.length === 160) line.appended += 1
      if (audio.length > 160) calls.push(`silence ${audio.length / 8}`)
      // It keeps ten seconds until a session stands.
      keptMs = stands ? 0 : keptMs + audio.length / 8
      return keptMs > 10_000 ? audio.length / 8 : 0
    },
    createResponse: (instructions) => calls.push(`ask${instructions ? ` ${instructions}` : ''}`),
    render: async (sentence) => {
      calls.push(`render ${sentence}`)
      if (plan.renderFails) throw new Error('not now')
      return ms(600)
    },
    cancelResponse: (response) => calls.push(`cancel ${response}`),
    truncate: (item, heardMs) => calls.push(`truncate ${item} ${heardMs}`),
    deleteItem: (item) => calls.push(`delete ${item}`),
    toolOutput: (id, output) => calls.push(`output ${id} ${output}`),
    addText: (role, text) => calls.push(`${role} ${text}`),
    letGo() {
      stands = false
      line.sessionFrom = line.appended
    },
    reopen(said) {
      calls.push(`reopen ${said().length}`)
      onStands = () => replayed.push(said().map(({ role, text }) => `${role}: ${text}`))
    },
    close: () => calls.push('engine closed'),
  }
  const stream: MediaStream = {
    carrierId: 'CA1',
    parameters: {},
    listen(given) {
      handlers = given
      for (; frames < (plan.early ?? 0); frames += 1) handlers.onAudio(quiet, frames * 20)
    },
    sendAudio(frame) {
      sent.push({ atMs: time.monotonic() })
      queue.push(frame)
    },
    sendMark: (name) => queue.push(name),
    clear() {
      for (const mark of queue.splice(0).filter((entry) => typeof entry === 'string')) handlers!.onMark(mark)
    },
    close() {
      if (open) close('ended')
    },
  }
  const desk: Desk = {
    answered: async () => void note('answered'),
    runTool: (name) => plan.tool?.(name) ?? Promise.resolve({ output: { ok: true } }),
    turn(turn) {
      if (plan.turnsFail) throw new Error('the books are closed')
      turns.push(turn)
    },
    heard: async (text) => plan.heard?.(text),
    digit: async (digit) => plan.digit?.(digit),
    personCame: async () => void note('personCame'),
    waits: () => plan.waits?.() ?? false,
    lineClosed: () => {},
    hangUp: async () => void note('hangUp'),
    async ended(by, detail) {
      note('ended')
      ended.push(detail === undefined ? { by } : { by, detail })
    },
    span(name, startedAt, endedAt) {
      spans.push(name)
      if (name === 'turn') turnsTookMs.push(endedAt - startedAt)
      return name
    },
  }

  function close(cause: 'ended' | 'lost') {
    open = false
    handlers!.onClose(cause)
  }
  function play() {
    if (!open) return
    if (typeof queue[0] !== 'string') queue.shift()
    while (typeof queue[0] === 'string') {
      line.lastMarkMs = time.monotonic()
      handlers!.onMark(queue.shift() as string)
    }
    if (line.mouth) handlers!.onAudio(line.mouth, frames * 20)
    frames += 1
    time.clock.setTimeout(play, 20)
  }

  const loop = startLoop({
    ...{ clock: time.clock, desk, stream, engine },
    conversation: { ...conversation, ...plan.conversation },
    ...(plan.recorder ? { recorder: plan.recorder } : {}),
  })
  if (plan.carrierPlays !== false) time.clock.setTimeout(play, 20)
  let made = 0
  return {
    ...{ time, calls, turns, steps, ended, sent, spans, turnsTookMs, replayed, loop, line },
    tell(event: EngineEvent) {
      if (event.type === 'lost' || event.type === 'ready') stands = event.type === 'ready'
      if (event.type === 'ready') onStands()
      tell(event)
    },
    digit: (digit: string) => handlers!.onDigit(digit),
    close,
    mark: (name: string) => handlers!.onMark(name),
    /** The engine makes a whole response: an item of so much audio, and its words. */
    respond(lengthMs: number, text = 'one two three four five', toolCalls: { callId: string; name: string }[] = []) {
      made += 1
      const response = `r${made}`
      const item = `i${made}`
      tell({ type: 'response_started', response })
      if (lengthMs > 0) {
        tell({ type: 'text', response, item, delta: text })
        tell({ type: 'audio', response, item, audio: ms(lengthMs) })
        tell({ type: 'audio_done', response, item })
      }
      tell({
        ...{ type: 'response_done', response, failure: null },
        toolCalls: toolCalls.map((call) => ({ ...call, arguments: '{}' })),
      })
    },
    /** The caller speaks for so long, and the engine hears it; words, or null for none that it understood, come so long after the pause. */
    async speak(lengthMs: number, text: string | null, wordsMs = 120) {
      made += 1
      const item = `u${made}`
      line.mouth = loud
      tell({ type: 'speech_started', item, atMs: frames * 20 })
      await time.pass(lengthMs)
      line.mouth = quiet
      await time.pass(500)
      tell({ type: 'speech_stopped', item, atMs: frames * 20 })
      tell({ type: 'committed', item })
      await time.pass(wordsMs)
      tell({ type: 'heard', item, text })
      await time.pass(20)
    },
  }
}
