/** The only effects of {@link createTurns}. */
export interface TurnSends {
  createResponse(ask: Ask): void
  cancelResponse(response: string): void
}

/** Why a response is wanted. */
export type AskKind = 'reply' | 'greeting' | 'nudge' | 'goodbye' | 'introduction'

export interface Ask {
  kind: AskKind
  /** In place of the session's own instructions, for this response alone. */
  instructions?: string
}

export interface Turns {
  /** Wants a response: at once when none is active, else when that one is over. Plain replies are asked once, however often wanted. */
  ask(ask: Ask): void
  /** Wants a response that is not to be asked for at once: it, and what is wanted meanwhile, waits for {@link resume}. */
  postpone(ask: Ask): void
  /** Takes back a plain reply that waits; true when there was one. */
  withdrawReply(): boolean
  created(response: string): void
  done(response: string): void
  /** The last ask was refused; `busy` when the reason is a response that we did not know of. */
  refused(busy: boolean): void
  /** Silences what is being made and forgets what was queued. */
  cut(): void
  /**
   * The session is gone, and what it was making with it: `again` says what is asked for in its place. That, and what is wanted
   * meanwhile, waits for {@link resume}.
   */
  suspend(again: (unfinished: Ask) => Ask): void
  /** There is a session again. */
  resume(): void
  /** It is the active response, cut or not. */
  isOurs(response: string): boolean
  /** Its audio and words count: it is the active response and was not cut. */
  isLive(response: string): boolean
  /** What the active response is for; null when there is none, or it was cut. */
  readonly active: Ask | null
  /** A response was asked for, and the engine has not begun it yet. */
  readonly unacknowledged: boolean
  /** A response is asked for, being made, or being cancelled, or one waits. */
  readonly busy: boolean
}

type State =
  | { name: 'idle' }
  | { name: 'asked'; ask: Ask; cut: boolean }
  | { name: 'active'; ask: Ask; response: string; cut: boolean }
  /** The server says that a response runs that we never saw begin; its end frees us. */
  | { name: 'foreign' }
  /** There is no session, or it is not to be asked for anything yet. */
  | { name: 'away' }

const maxQueued = 4

/**
 * One response at a time: a Realtime session refuses `response.create` while one is active. A pure machine whose only
 * effects are the injected sends. `first` is an ask that was already sent when the machine begins.
 */
export function createTurns(send: TurnSends, first?: Ask): Turns {
  let state: State = first ? { name: 'asked', ask: first, cut: false } : { name: 'idle' }
  let queue: Ask[] = []

  function next(): void {
    const ask = queue.shift()
    state = ask ? { name: 'asked', ask, cut: false } : { name: 'idle' }
    if (ask) send.createResponse(ask)
  }

  const active = () => ((state.name === 'active' || state.name === 'asked') && !state.cut ? state.ask : null)

  const isQueued = (ask: Ask) => ask.kind === 'reply' && queue.some(({ kind }) => kind === 'reply')

  function want(ask: Ask): void {
    if (isQueued(ask)) return
    if (queue.length >= maxQueued) queue.shift()
    queue.push(ask)
    if (state.name === 'idle') next()
  }

  return {
    ask: want,
    postpone(ask) {
      if (state.name === 'idle') state = { name: 'away' }
      want(ask)
    },
    withdrawReply() {
      const waiting = queue.filter(({ kind }) => kind !== 'reply')
      const withdrawn = waiting.length < queue.length
      queue = waiting
      return withdrawn
    },
    created(response) {
      // What we did not ask for is not ours to play (a server that answers by itself): it is cancelled.
      if (state.name !== 'asked') return send.cancelResponse(response)
      const { ask, cut } = state
      state = { name: 'active', ask, response, cut }
      if (cut) send.cancelResponse(response)
    },
    done(response) {
      if (state.name === 'foreign' || (state.name === 'active' && state.response === response)) next()
    },
    refused(busy) {
      if (state.name !== 'asked') return
      const { ask, cut } = state
      if (!busy) return next()
      if (!cut) queue.unshift(ask)
      state = { name: 'foreign' }
    },
    cut() {
      queue = []
      if ((state.name !== 'active' && state.name !== 'asked') || state.cut) return
      if (state.name === 'active') send.cancelResponse(state.response)
      state = { ...state, cut: true }
    },
    suspend(again) {
      const unfinished = active()
      state = { name: 'away' }
      const ask = unfinished && again(unfinished)
      if (ask && !isQueued(ask)) queue.unshift(ask)
    },
    resume() {
      if (state.name === 'away') next()
    },
    isOurs: (response) => state.name === 'active' && state.response === response,
    isLive: (response) => state.name === 'active' && state.response === response && !state.cut,
    get active() {
      return active()
    },
    get unacknowledged() {
      return state.name === 'asked'
    },
    get busy() {
      return state.name === 'away' ? queue.length > 0 : state.name !== 'idle'
    },
  }
}
