import type { UnheardItem } from './playback.ts'
import type { Turn } from './port.ts'

export interface Transcript {
  /** The caller began to speak: holds the turn's place until its words are known. */
  leadBegan(item: string, atMs: number): void
  /** The words of that item; none when nothing could be understood. */
  leadSaid(item: string, text: string): void
  /** So much of the call has passed. Words that do not come are given up; should they come later, they are a turn all the same. */
  tick(passedMs: number, leadSpeaks: boolean): void
  /** The engine that heard the caller is gone: what it had not told stays unknown. */
  leadLost(): void
  /** The first audio of an item leaves for the ear. */
  agentBegan(item: string, atMs: number): void
  /** More of what an item says, as the engine writes it. */
  agentText(item: string, delta: string): void
  agentHeard(item: string): void
  /** Keeps the words that fit into the heard part of the audio; nothing heard, no turn. */
  agentCut(item: string, cut: CutAudio): void
  /** The engine is gone: of what the agent was saying only what has arrived will be heard. */
  agentLost(unheard: readonly UnheardItem[]): void
  /** Closes what is open as it stands. */
  close(): void
  /** Items of the caller whose words are still to come. */
  readonly awaited: number
  /** Where the first of them began, of those that are not `ignored`; null when there is none. */
  awaitedSinceMs(ignored: (item: string) => boolean): number | null
  /** The conversation so far, with what the agent is still saying: for a session that has to be opened anew. */
  readonly turns: readonly Turn[]
}

export interface CutAudio {
  heardMs: number
  receivedMs: number
  /** All of the item's audio had arrived. */
  finished: boolean
}

interface Open extends Turn {
  item: string
  final: boolean
  /** How long its words have been waited for since it was over. */
  waitedMs: number
}

/** An hour of talk; a longer call keeps its newest turns for a reconnect. */
const maxTurns = 500
const maxTextChars = 4_000
/** Text of items that have not begun to play. */
const maxTexts = 64
/** A transcription takes a fraction of a second; what comes after waits for no more than this. */
const wordsWithinMs = 5_000
const maxOpen = 64

/**
 * What was said and heard. Turns are reported in the order in which they began, each once its words are final; only words that
 * were given up and come after all are told out of order.
 */
export function createTranscript(report: (turn: Turn) => void): Transcript {
  const turns: Turn[] = []
  let open: Open[] = []
  const texts = new Map<string, string>()
  /** Items that the engine never finished. */
  const broken = new Set<string>()
  /** When the items began whose words were given up. */
  const givenUp = new Map<string, number>()

  function begin(item: string, role: Turn['role'], atMs: number): void {
    if (open.some((turn) => turn.item === item)) return
    givenUp.delete(item)
    if (open.length === maxOpen) giveUp(open[0]!)
    const turn = { role, atMs: Math.max(0, Math.round(atMs)), text: '', interrupted: false }
    open.push({ ...turn, item, final: false, waitedMs: 0 })
  }

  /** Tells it as it stands: of the caller's words nothing, which may still come. */
  function giveUp({ item, role, atMs }: Open): void {
    if (givenUp.size === maxOpen) givenUp.delete(givenUp.keys().next().value!)
    if (role === 'lead') givenUp.set(item, atMs)
    settle(item, texts.get(item) ?? '', role === 'agent')
  }

  function settle(item: string, text: string, interrupted: boolean): void {
    const turn = open.find((one) => one.item === item && !one.final)
    texts.delete(item)
    const cut = broken.delete(item) || interrupted
    if (!turn) return
    Object.assign(turn, { text: text.trim().slice(0, maxTextChars), interrupted: cut, final: true })
    while (open[0]?.final) tell(open.shift()!)
  }

  function tell({ role, atMs, text, interrupted }: Turn): void {
    if (text === '') return
    const turn: Turn = { role, atMs, text, interrupted }
    if (turns.length === maxTurns) turns.shift()
    turns.splice(turns.findLastIndex((one) => one.atMs <= atMs) + 1, 0, turn)
    report(turn)
  }

  return {
    leadBegan: (item, atMs) => begin(item, 'lead', atMs),
    leadSaid(item, text) {
      const atMs = givenUp.get(item)
      if (atMs === undefined) return settle(item, text, false)
      givenUp.delete(item)
      tell({ role: 'lead', atMs, text: text.trim().slice(0, maxTextChars), interrupted: false })
    },
    tick(passedMs, leadSpeaks) {
      const waiting = open.filter(isAwaited)
      // Who still speaks cannot be waited for.
      for (const turn of leadSpeaks ? waiting.slice(0, -1) : waiting) {
        turn.waitedMs += passedMs
        if (turn.waitedMs >= wordsWithinMs) giveUp(turn)
      }
    },
    leadLost() {
      for (const { item } of open.filter(isAwaited)) settle(item, '', false)
    },
    agentBegan: (item, atMs) => begin(item, 'agent', atMs),
    agentText(item, delta) {
      if (!texts.has(item) && texts.size === maxTexts) texts.delete(texts.keys().next().value!)
      texts.set(item, ((texts.get(item) ?? '') + delta).slice(0, maxTextChars))
    },
    agentHeard: (item) => settle(item, texts.get(item) ?? '', false),
    agentCut: (item, cut) =>
      settle(item, heardText(texts.get(item) ?? '', cut), !cut.finished || cut.heardMs < cut.receivedMs),
    agentLost(unheard) {
      const arrived = new Map(unheard.map((one) => [one.item, one]))
      for (const [item, text] of [...texts]) {
        const { receivedMs = 0, finished = false } = arrived.get(item) ?? {}
        if (finished) continue
        broken.add(item)
        texts.set(item, heardText(text, { heardMs: receivedMs, receivedMs, finished }))
      }
    },
    close() {
      for (const { item, final } of [...open]) if (!final) settle(item, texts.get(item) ?? '', true)
      open = []
    },
    get awaited() {
      return open.filter(isAwaited).length
    },
    awaitedSinceMs: (ignored) => open.find((turn) => isAwaited(turn) && !ignored(turn.item))?.atMs ?? null,
    get turns() {
      const saying = [...texts].flatMap(([item, text]) => {
        const atMs = open.find((turn) => turn.item === item)?.atMs ?? 0
        return text === '' ? [] : [{ role: 'agent' as const, atMs, text: text.trim(), interrupted: broken.has(item) }]
      })
      return [...turns, ...saying]
    },
  }
}

const isAwaited = ({ role, final }: Open): boolean => role === 'lead' && !final

/** Words arrive before their audio; a letter takes about this long to say. */
const msPerCharacter = 60

/** The whole words in the share of the text that the heard audio is of all the audio: speech is nearly even in pace. */
export function heardText(text: string, { heardMs, receivedMs, finished }: CutAudio): string {
  const totalMs = finished ? receivedMs : Math.max(receivedMs, text.length * msPerCharacter)
  if (heardMs <= 0 || totalMs <= 0) return ''
  if (heardMs >= totalMs) return text
  const cut = Math.floor((text.length * heardMs) / totalMs)
  const kept = text.slice(0, cut)
  return /\s/.test(text[cut] ?? ' ') ? kept : kept.replace(/\S+$/, '')
}
