import type { MediaHandlers, MediaStream, Verdict } from '../carrier/port.ts'
import type { Timer } from '../clock.ts'
import { createAnswerer } from './answerer.ts'
import type { Engine } from './engine.ts'
import type { EngineEvent } from './engine-events.ts'
import { createHearing } from './hearing.ts'
import { tickMs } from './playback.ts'
import type { EndedBy, LoopOptions, ToolResult } from './port.ts'
import { createSessions } from './sessions.ts'
import { createTalk } from './talk.ts'
import { createVigil } from './vigil.ts'
import { wrapUp } from './wrap-up.ts'

export interface Loop {
  /** Ends the call at once, without words; the first cause counts. */
  end(by: EndedBy): void
  /** What the carrier's detection heard. */
  verdict(verdict: Verdict): void
  /** News of something that goes on beside the conversation: the agent is told, and speaks. */
  tell(news: ToolResult): void
  /** Settles when the desk's `ended` has; rejects as it does. */
  readonly done: Promise<void>
}

/** What tells of the caller alone. */
const heardEvents = new Set<EngineEvent['type']>(['speech_started', 'speech_stopped', 'committed', 'heard'])
const isFault = (cause: EndedBy) => cause === 'engine_lost' || cause === 'shutdown'
/**
 * Holds the conversation between a caller's audio and an engine. Returns at once; everything happens on events and on a
 * tick of `options.clock`. Takes both sockets over and closes them.
 */
export function startLoop(options: LoopOptions & { stream: MediaStream; engine: Engine }): Loop {
  const { clock, conversation, desk, engine, recorder, stream } = options
  const done = Promise.withResolvers<void>()
  const pending = new Set<Promise<void>>()
  const troubles: string[] = []
  let timer: Timer | undefined
  let tickDueMs = 0
  let over = false
  let spoke = ''
  /** Its items. */
  const items = new Set<string>()

  /** One call's fault must not take down the process that holds the others. */
  function guarded<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        run(...args)
      } catch (error) {
        finish('engine_lost', `internal: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  const talk = createTalk({
    ...{ ...options, trouble, hangUp: finish },
    noPerson: (...told) => answerer.noPerson(...told),
    undecided: () => hearing.undecided(),
  })
  const answerer = createAnswerer(talk, options, {
    ...{ hangUp: finish, apart },
    messageBegins: () => hearing.messageBegins(),
  })
  const hearing = createHearing(talk, clock, conversation.interruptions?.words, () => answerer.isRecorded)
  const vigil = createVigil(talk, options, {
    ...{ hangUp: finish, lost: (error) => sessions.lost(error) },
    ...{ silent: hearing.onSilence, silenceFed: hearing.silenceFed },
    undecided: () => hearing.undecided() || sessions.unheard,
  })
  const sessions = createSessions({ talk, hearing, vigil, answerer, guarded, finish }, options)

  function trouble(error: unknown) {
    if (troubles.length < 5) troubles.push(error instanceof Error ? error.message : String(error))
  }

  /** Runs something of the desk's off the sockets; what it throws is told at the end, and never stops the call. */
  function apart(work: Promise<void>) {
    const settled = work.catch(trouble).finally(() => pending.delete(settled))
    pending.add(settled)
  }

  function onEngine(event: EngineEvent) {
    if (over) {
      // The last words of the caller are still worth having; nothing else is.
      if (event.type === 'heard') onHeard(event)
      if (event.type === 'speech_started') onLateSpeech(event)
      return
    }
    // That it hears the caller does not say that it will answer.
    if (!heardEvents.has(event.type)) vigil.engineSpoke()
    switch (event.type) {
      case 'response_started':
        return talk.turns.created(event.response)
      case 'text':
        if (!talk.turns.isLive(event.response)) return talk.late(event.item)
        talk.announce(event.item, false)
        talk.stopwatch.text()
        return talk.transcript.agentText(event.item, event.delta)
      case 'audio':
        return onAgentAudio(event)
      case 'audio_done':
        return talk.playback.finish(event.item)
      case 'response_done':
        return onResponseDone(event)
      case 'ask_refused':
        return onRefused(event)
      case 'speech_started':
      case 'speech_stopped':
      case 'committed':
        return onSpeech(event)
      case 'heard':
        return onHeard(event)
      case 'ready':
        return sessions.opened()
      case 'lost':
        return sessions.lost(event.error)
      case 'retried':
        return talk.stopwatch.retried(event.stage)
      case 'complaint':
        // A cancel that crossed the end of its response: nothing is wrong.
        if (event.code !== 'response_cancel_not_active') trouble(`${event.code}: ${event.message}`)
    }
  }

  function onAgentAudio({ response, item, audio }: Extract<EngineEvent, { type: 'audio' }>) {
    if (!talk.turns.isLive(response)) return talk.late(item)
    talk.announce(item, true)
    if (spoke !== response) items.clear()
    items.add(item)
    spoke = response
    talk.stopwatch.audio()
    if (!talk.playback.add(item, audio)) {
      // More than two minutes ahead of the ear: nobody listens to that.
      talk.playback.finish(item)
      engine.cancelResponse(response)
    }
    talk.playback.tick(clock.monotonic())
  }

  function onResponseDone({ response, failure, code, toolCalls }: Extract<EngineEvent, { type: 'response_done' }>) {
    const isOurs = talk.turns.isOurs(response)
    const asked = talk.turns.isLive(response) ? talk.turns.active : null
    if (asked && failure !== null) talk.transcript.agentLost(talk.playback.unheard)
    // Whether or not it said that their audio is done.
    if (asked && spoke === response) for (const item of items) talk.playback.finish(item)
    const saidNothing = spoke !== response && toolCalls.length === 0
    if (asked && toolCalls.length > 0) talk.stopwatch.toolsCalled()
    if (asked && spoke === response) answerer.replied(toolCalls)
    // A reply that is wanted by now sees what the tools bring.
    const waits = isOurs && toolCalls.length > 0 && talk.turns.withdrawReply()
    talk.turns.done(response)
    if (asked && (failure !== null || saidNothing)) sessions.failed(failure ?? 'an empty response', asked, code)
    else if (asked) sessions.completed()
    if (asked && spoke !== response && toolCalls.length > 0) talk.wordless(asked)
    const beside = asked === null ? 'cut' : spoke === response ? 'spoke' : 'silent'
    if (isOurs && toolCalls.length > 0) apart(talk.useTools(toolCalls, beside))
    if (waits) talk.reply()
  }

  function onRefused({ busy, message }: Extract<EngineEvent, { type: 'ask_refused' }>) {
    const asked = talk.turns.active
    talk.turns.refused(busy)
    if (asked && !busy) sessions.failed(message, asked)
  }

  function onSpeech(event: Extract<EngineEvent, { type: 'speech_started' | 'speech_stopped' | 'committed' }>) {
    vigil.callerSpoke()
    if (event.type === 'speech_started') {
      answerer.leadBegan(event.item)
      sessions.speechStarted()
    }
    hearing.onEvent(event)
    // Our own voice come back begins no turn of the caller's.
    if (event.type === 'committed' && !hearing.isEcho(event.item)) vigil.turnBegan()
  }

  function onHeard(event: Extract<EngineEvent, { type: 'heard' }>) {
    const text = event.text ?? ''
    if (over) talk.transcript.leadSaid(event.item, hearing.isEcho(event.item) ? '' : text)
    else {
      const taken = hearing.isEcho(event.item)
      hearing.onEvent(event)
      // Taken for our own voice, by its loudness, and none by its words.
      if (taken && !hearing.isEcho(event.item)) vigil.turnBegan()
    }
    if (text.trim() === '' || hearing.isEcho(event.item)) return
    if (!over) answerer.leadSaid(event.item, text)
    apart(desk.heard(text).then((result) => obey(result)))
  }

  /** Said before the line closed, and told since. */
  function onLateSpeech(event: Extract<EngineEvent, { type: 'speech_started' }>) {
    sessions.speechStarted()
    hearing.onLateSpeech(event)
  }

  const obey: typeof talk.obey = (result) => {
    if (over) return
    if (result?.next === 'say_goodbye') answerer.obeyed()
    talk.obey(result)
  }

  const handlers: MediaHandlers = {
    onAudio: guarded((frame, atMs) => {
      if (over) return
      recorder?.lead(frame, atMs)
      vigil.mediaCame()
      sessions.onFrame(frame, atMs)
      answerer.frame()
    }),
    onMark: guarded((name) => {
      if (over) return
      talk.playback.marked(name, clock.monotonic())
      // The last mark of a goodbye: the line drops with it.
      if (talk.ending.by) vigil.tick()
    }),
    onDigit: guarded((digit) => {
      if (over) return
      const decided = desk.digit(digit).then((result) => obey(result))
      vigil.digit(digit, decided)
      apart(decided)
    }),
    // Who hangs up while the goodbye is said only agrees with it.
    onClose: (cause) =>
      finish(talk.ending.by ?? (cause === 'ended' ? 'lead' : 'carrier_lost'), undefined, cause === 'lost'),
  }

  const tick = guarded(() => {
    talk.playback.tick(clock.monotonic())
    if (!over) vigil.tick()
    if (!over) tickAgain()
  })

  /** On whole ticks of the clock, so that the calls of a process wake it together: a wake-up costs more than a tick. */
  function tickAgain() {
    const nowMs = clock.monotonic()
    tickDueMs = Math.max(tickDueMs, Math.floor(nowMs / tickMs) * tickMs) + tickMs
    timer = clock.setTimeout(tick, tickDueMs - nowMs)
  }

  function finish(cause: EndedBy, detail?: string, lineOpen = true) {
    if (over) return
    over = true
    // What was ending anyway has ended, whatever broke during the goodbye: nobody is rung again for it.
    const by = isFault(cause) ? (talk.ending.by ?? cause) : cause
    answerer.close()
    clock.clearTimeout(timer)
    // Tools may come back later: nobody is there to be told.
    talk.turns.suspend((asked) => asked)
    sessions.over()
    const told = () => detail ?? troubles.join('; ')
    const ended = wrapUp({ ...options, ...{ talk, sessions, by, lineOpen, pending, detail: told } })
    ended.then(done.resolve, done.reject)
  }

  apart(desk.answered())
  const { opened } = engine
  // A session that never opens is told by its `lost` event.
  const timed = () => desk.span('engine.open', Math.round(opened.startedAt), Math.round(opened.endedAt!))
  engine.ready.then(timed, () => {})
  // What the carrier sent meanwhile tells where the stream is: the greeting stands behind it.
  stream.listen(handlers)
  engine.listen(guarded(onEngine))
  if (!over) tick()
  const verdict = guarded((heard: Verdict) => {
    if (!over) answerer.verdict(heard)
  })
  const tell = guarded((news: ToolResult) => {
    if (!over) talk.tell(news)
  })
  return { end: (by) => finish(by), verdict, tell, done: done.promise }
}
