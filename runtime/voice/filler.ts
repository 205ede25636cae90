import type { Engine } from './engine.ts'

export interface Filler {
  /** Has the line made, once a call. */
  prepare(): void
  /** The line as an item that no session knows; null while it is not made. */
  next(): { item: string; text: string; audio: Buffer } | null
}

const prefix = 'filler_'

/** Whether an item is such a line. */
export const isFiller = (item: string): boolean => item.startsWith(prefix)

/** The short line that bridges a wait: made beside the conversation, kept for every wait of the call. */
export function createFiller(engine: Pick<Engine, 'render'>, text: string | undefined): Filler {
  let audio: Buffer | 'asked' | undefined
  let said = 0
  return {
    prepare() {
      if (audio !== undefined || text === undefined) return
      audio = 'asked'
      engine.render(text).then(
        (made) => {
          audio = made
        },
        () => {
          audio = undefined
        },
      )
    },
    next() {
      if (!Buffer.isBuffer(audio) || text === undefined) return null
      said += 1
      return { item: `${prefix}${said}`, text, audio }
    },
  }
}
