import { asidePrefix, type EngineEvent, EngineLost } from './engine-events.ts'

export interface Asides {
  /** Asks for a sentence beside the conversation. Rejects when it fails, or the session is lost before it is whole. */
  ask(): { id: string; audio: Promise<Buffer> }
  /** True for an event of such a sentence, which nobody else has to see. */
  takes(event: EngineEvent): boolean
  lost(): void
}

interface Aside {
  chunks: Buffer[]
  resolve(audio: Buffer): void
  reject(error: Error): void
}

/** Responses outside of the conversation, which run beside the active one and are known by their metadata. */
export function createAsides(): Asides {
  const asked = new Map<string, Aside>()
  const running = new Map<string, Aside>()
  let asks = 0

  function ended(response: string, failure: string | null) {
    const aside = running.get(response)!
    running.delete(response)
    const audio = Buffer.concat(aside.chunks)
    if (failure === null && audio.length > 0) aside.resolve(audio)
    else aside.reject(new EngineLost(failure ?? 'a sentence without audio'))
  }

  return {
    ask() {
      asks += 1
      const id = `${asidePrefix}${asks}`
      const { promise, ...settle } = Promise.withResolvers<Buffer>()
      // Whoever needs it sees its rejection.
      promise.catch(() => {})
      asked.set(id, { chunks: [], ...settle })
      return { id, audio: promise }
    },
    takes(event) {
      if (event.type === 'aside_refused') {
        asked.get(event.aside)?.reject(new EngineLost(event.message))
        asked.delete(event.aside)
        return true
      }
      if (event.type === 'response_started' && event.aside !== undefined) {
        const aside = asked.get(event.aside)
        asked.delete(event.aside)
        if (aside) running.set(event.response, aside)
        return aside !== undefined
      }
      if (!('response' in event)) return false
      const aside = running.get(event.response)
      if (!aside) return false
      if (event.type === 'audio') aside.chunks.push(event.audio)
      else if (event.type === 'response_done') ended(event.response, event.failure)
      return true
    },
    lost() {
      for (const aside of [...asked.values(), ...running.values()]) aside.reject(new EngineLost('the session is gone'))
      asked.clear()
      running.clear()
    },
  }
}
