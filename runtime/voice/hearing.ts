import type { Clock } from '../clock.ts'
import type { EngineEvent } from './engine-events.ts'
import { bytesPerMs, loudness } from './mulaw.ts'
import type { Talk } from './talk.ts'
import { answerWindowMs, asksForMore, mayBeHello, surelyMeantMs, type TalkedOver, wantsAnswer } from './talked-over.ts'
import { agreesToEnd, isBackchannel, isOpening, repeats, wordCount } from './words.ts'

export interface Hearing {
  onEvent(event: Extract<EngineEvent, { type: 'speech_started' | 'speech_stopped' | 'committed' | 'heard' }>): void
  /** The line has closed since: it only stands where it was said. */
  onLateSpeech(event: Extract<EngineEvent, { type: 'speech_started' }>): void
  onFrame(frame: Buffer, atMs: number): void
  /** So much silence was put between the caller's frames, which the engine counts and the stream does not. */
  silenceFed(ms: number): void
  /** The agent is silent, and 20 ms have passed: speech that it talked over, or that cut it, may still want an answer. */
  onSilence(): void
  /** The caller speaks, and it is no machine's last sound. */
  speaks(): boolean
  /** What comes of what the caller has said waits for its words: whether the call ends, whether they are answered. */
  undecided(): boolean
  /** Something that the caller said has not been answered yet. */
  owes(): boolean
  /** What the caller said is given to a new session again: unless it hears something in it, they are answered as they are. */
  awaitAgain(): void
  /**
   * A new session counts its audio from zero; so much of what was heard before is given to it again. `answered`: only for the
   * words of it.
   */
  restart(againMs: number, answered: boolean): void
  /** A machine takes our message from now on: nothing that was heard until now calls it off, unless it goes on. */
  messageBegins(): void
  /** So much of what was kept for a session that does not stand yet is not given to it after all. */
  dropped(ms: number): void
  /** The item was our own voice come back: nobody said its words. Known once `heard` was passed on. */
  isEcho(item: string): boolean
}

/** The words of shorter speech that cut the agent are waited for so long before it is answered: longer would be silence. */
const wordsWithinMs = 600
/** Those of what is said over a goodbye, before the call ends, which nothing can undo. */
const lastWordsWithinMs = 3_000
/** And speech that a new session is given again. */
const heardAgainWithinMs = 1_500
/** Who makes so much sound over a goodbye has said something, whatever the transcription makes of it. */
const wordMs = 300
/** Speech that outlasts what a session was given again by this much is not only that. */
const newSpeechMs = 200
/** What is talked over is answered at the next silence; more than this nobody has in mind by then. */
const maxUnanswered = 8
/** The words of an echo come within moments. */
const maxEchoes = 64

/**
 * What the caller's speech does to the conversation: take the turn, cut the agent, or let it speak on. `isRecorded`: a machine
 * takes our message.
 */
export function createHearing(talk: Talk, clock: Clock, minWords = 1, isRecorded = () => false): Hearing {
  const { echo, interruptions, stopwatch, transcript, turns } = talk
  let startedAt = 0
  /** What this session of the engine was given, and how much later in the stream that stands. */
  let appendedMs = 0
  let offsetMs = 0
  let unanswered: TalkedOver[] = []
  /** Short speech that cut the agent, or any over its goodbye: only its words will tell whether it was meant. */
  let doubtful: { item: string; sinceMs: number; voicedMs: number } | null = null
  /** What was said last, and what of a machine's was being said when it began to take our message. */
  let spoken = ''
  let lastSound = ''
  /** What this session hears before this has been answered. */
  let answeredUntilMs = 0
  /** What it hears of that. */
  let answeredItem = ''
  /** Our own voice come back, and whether it was the callee's opening word: by its loudness, until its words are known. */
  const echoes = new Map<string, { opening: boolean; past?: true }>()

  function cutIfMeant() {
    if (!interruptions.speaking) return
    const agent = {
      audible: talk.audible(),
      interruptible: talk.interruptible(),
      patient: talk.ending.by !== null,
    }
    if (interruptions.due(agent)) talk.interrupt(startedAt)
  }

  function committed(item: string) {
    if (interruptions.echo) {
      if (echoes.size === maxEchoes) echoes.delete(echoes.keys().next().value!)
      echoes.set(item, { opening: interruptions.opening })
      talk.forgetItem(item)
      talk.nothingSaid()
      return
    }
    // Whoever goes on over the message is no machine, or has not ended its greeting.
    if (item === lastSound && interruptions.unsparedMs >= wordMs) lastSound = ''
    if (item === lastSound && isRecorded()) return stopwatch.unanswered()
    const { cut, opening, voicedMs } = interruptions
    const mayBeShort = cut && voicedMs < surelyMeantMs
    if (overGoodbye() || (mayBeShort && !talk.audible())) doubtful = { item, sinceMs: clock.monotonic(), voicedMs }
    else if (talk.audible()) answerLater({ item, endedMs: talk.streamMs(), opening, voicedMs })
    else answer()
  }

  function answerLater(said: TalkedOver) {
    if (unanswered.length === maxUnanswered) unanswered.shift()
    unanswered.push(said)
  }

  /** The call is about to end, and what the caller says can change that. */
  const overGoodbye = () => talk.ending.by !== null && !talk.ending.firm

  function heard(item: string, text: string | null) {
    const echoed = echoes.get(item)
    if (echoed && repeats(text ?? '', agentsWords())) return transcript.leadSaid(item, '')
    transcript.leadSaid(item, text ?? '')
    stopwatch.transcribed()
    if (text === null) return notUnderstood(item)
    if (isRecorded() && (item === lastSound || echoed?.past)) return
    if (echoed) return takenForEcho(item, text, echoed.opening)
    if (doubtful?.item === item) return judged(item, text)
    const said = unanswered.find((one) => one.item === item)
    if (!said) return
    if (overGoodbye()) {
      unanswered = unanswered.filter((one) => one !== said)
      return judgedGoodbye(text)
    }
    Object.assign(said, { text, backchannel: isBackchannel(text) || (said.opening && isOpening(text)) })
    // Short but meant ("no, wait"): the words cut where the length did not.
    const wanted = wordCount(text) >= minWords && !said.backchannel
    const meant = wanted && !said.opening && talk.interruptible()
    if (!meant || !talk.audible()) return
    talk.interrupt(startedAt)
    answer()
  }

  /** One answer to all that was said. */
  function answer() {
    unanswered = []
    talk.reply()
  }

  /** Somebody spoke, and nobody knows what: they are answered, or asked again. What they said over the agent waits for its silence. */
  function notUnderstood(item: string) {
    if (doubtful?.item === item) wordsDoNotCome(doubtful)
    const said = unanswered.find((one) => one.item === item)
    if (said?.opening) said.backchannel = said.voicedMs < surelyMeantMs
  }

  function wordsDoNotCome({ voicedMs }: NonNullable<typeof doubtful>) {
    doubtful = null
    if (!overGoodbye()) answer()
    else if (voicedMs >= wordMs) goOnAfterAll()
  }

  /** How long the words of somebody are waited for. */
  function patienceMs({ item }: NonNullable<typeof doubtful>): number {
    if (overGoodbye()) return lastWordsWithinMs
    return item === '' ? heardAgainWithinMs : wordsWithinMs
  }

  /** An echo says what we said; these are words of the caller's, which the engine was told to forget. */
  function takenForEcho(item: string, text: string, opening: boolean) {
    echoes.delete(item)
    talk.recallItem(text)
    if (overGoodbye()) return judgedGoodbye(text)
    const { voicedMs } = interruptions
    const backchannel = isBackchannel(text) || (opening && isOpening(text))
    answerLater({ item, endedMs: talk.streamMs(), opening, voicedMs, backchannel, text })
  }

  /** What the agent says and said last; an echo comes within moments. */
  const agentsWords = () =>
    transcript.turns
      .filter(({ role }) => role === 'agent')
      .slice(-3)
      .map(({ text }) => text)
      .join(' ')

  /** A cough or a "mhm" has cut the agent: it goes on from there. Anything else is answered. */
  function judged(item: string, text: string) {
    doubtful = null
    if (overGoodbye()) return judgedGoodbye(text)
    const isNoise = wordCount(text) === 0
    // A "yes" in the last breath of a question is its answer, and so is one before the next sound.
    const answers = !isNoise && (talk.unheardMs <= answerWindowMs || !talk.wasHeard)
    if (isNoise && !talk.wasHeard) talk.forgetItem(item)
    else if (isBackchannel(text) && !answers) return talk.goOn(item)
    answer()
  }

  /** Who only agrees with the goodbye, or says theirs, lets the call end; anybody else is listened to. */
  function judgedGoodbye(text: string) {
    if (agreesToEnd(text, talk.ending.by === 'silence')) stopwatch.unanswered()
    else goOnAfterAll()
  }

  function goOnAfterAll() {
    doubtful = null
    talk.interrupt(startedAt)
    answer()
  }

  /** True for what was answered in an earlier session: its words are kept, and nothing more comes of it. */
  function wasAnswered(event: Parameters<Hearing['onEvent']>[0]): boolean {
    if (event.type === 'speech_started') {
      answeredItem = event.atMs < answeredUntilMs ? event.item : ''
      if (answeredItem !== '') transcript.leadBegan(event.item, offsetMs + event.atMs)
    }
    if (event.item !== answeredItem) return false
    // Whoever has gone on in the same breath is heard as usual from here on.
    if (event.type === 'speech_stopped' && event.atMs > answeredUntilMs + newSpeechMs) answeredItem = ''
    if (event.type === 'heard') transcript.leadSaid(event.item, event.text ?? '')
    return true
  }

  return {
    onEvent(event) {
      if (wasAnswered(event)) return
      switch (event.type) {
        case 'speech_started':
          startedAt = clock.now()
          // Whoever speaks again asks again; but over a goodbye what they have asked may be all.
          if (doubtful && overGoodbye()) answerLater({ ...doubtful, endedMs: talk.streamMs(), opening: false })
          doubtful = null
          spoken = event.item
          interruptions.started(offsetMs + event.atMs, talk.greeting !== 'waiting')
          transcript.leadBegan(event.item, offsetMs + event.atMs)
          return cutIfMeant()
        case 'speech_stopped':
          interruptions.stopped()
          stopwatch.speechStopped()
          return
        case 'committed':
          return committed(event.item)
        case 'heard':
          return heard(event.item, event.text)
      }
    },
    onLateSpeech: ({ item, atMs }) => transcript.leadBegan(item, offsetMs + atMs),
    onFrame(frame, atMs) {
      talk.mediaCame(atMs)
      offsetMs = atMs - appendedMs
      appendedMs += frame.length / bytesPerMs
      const level = loudness(frame)
      interruptions.frame(level, atMs, echo.heard(level, atMs))
      cutIfMeant()
    },
    silenceFed(ms) {
      appendedMs += ms
    },
    onSilence() {
      if (doubtful && clock.monotonic() - doubtful.sinceMs >= patienceMs(doubtful)) wordsDoNotCome(doubtful)
      if (unanswered.length === 0 || turns.busy || doubtful) return
      const nowMs = talk.streamMs()
      if (!overGoodbye() && unanswered.every((said) => mayBeHello(said, nowMs))) return
      const all = unanswered
      unanswered = []
      const unknown = all.findLast(({ backchannel }) => backchannel === undefined)
      const silent = talk.ending.by === 'silence'
      if (overGoodbye() && all.some((said) => asksForMore(said, nowMs, silent))) goOnAfterAll()
      else if (overGoodbye() && unknown)
        doubtful = { item: unknown.item, sinceMs: clock.monotonic(), voicedMs: unknown.voicedMs }
      else if (all.some((said) => wantsAnswer(said, nowMs))) talk.reply()
      else talk.nothingSaid()
    },
    speaks() {
      const isLast = isRecorded() && spoken === lastSound && interruptions.unsparedMs < wordMs
      return interruptions.speaking && !isLast
    },
    undecided: () => doubtful !== null,
    owes() {
      const nowMs = talk.streamMs()
      if (doubtful !== null && !overGoodbye()) return true
      return unanswered.some((said) => mayBeHello(said, nowMs) || wantsAnswer(said, nowMs))
    },
    awaitAgain() {
      doubtful = { item: '', sinceMs: clock.monotonic(), voicedMs: doubtful?.voicedMs ?? 0 }
    },
    restart(againMs, answered) {
      const voicedMs = Math.max(interruptions.voicedMs, ...unanswered.map((said) => said.voicedMs))
      interruptions.stopped()
      transcript.leadLost()
      appendedMs = againMs
      unanswered = []
      // Until the next session has heard it, nothing is decided by it.
      answeredUntilMs = answered ? againMs : 0
      answeredItem = ''
      doubtful = againMs > 0 && !answered ? { item: '', sinceMs: clock.monotonic(), voicedMs } : null
      echoes.clear()
    },
    messageBegins() {
      lastSound = interruptions.speaking ? spoken : ''
      unanswered = []
      doubtful = null
      for (const echoed of echoes.values()) echoed.past = true
      interruptions.spare()
    },
    dropped(ms) {
      appendedMs -= ms
      answeredUntilMs -= ms
    },
    isEcho: (item) => echoes.has(item),
  }
}
