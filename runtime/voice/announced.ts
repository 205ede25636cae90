export interface Announced {
  /** The response that counts names an item, by its words or by its `audio`. */
  live(item: string, audio: boolean): void
  /** Something of a response that does not count (any more): true when its item was never heard of. */
  late(item: string): boolean
  /** The agent is cut: the items of which only words have come. */
  cut(): string[]
}

/** Ids of longer ago come no more. */
const maxKnown = 128

/** Which items of the agent's were announced before any of their audio came: nobody has heard them. A pure machine. */
export function createAnnounced(): Announced {
  const known = new Set<string>()
  let silent = new Set<string>()
  const learn = (item: string) => {
    known.add(item)
    if (known.size > maxKnown) known.delete(known.values().next().value!)
  }
  return {
    live(item, audio) {
      if (audio) silent.delete(item)
      else if (!known.has(item)) silent.add(item)
      learn(item)
    },
    late(item) {
      if (known.has(item)) return false
      learn(item)
      return true
    },
    cut() {
      const items = [...silent]
      silent = new Set()
      return items
    },
  }
}
