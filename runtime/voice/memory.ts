import type { Turn } from './port.ts'

/** What a session that is opened anew has to know, in order. */
export interface Said {
  /** `system`: what the platform told the agent. */
  role: 'agent' | 'lead' | 'system'
  text: string
  interrupted: boolean
}

export interface Memory {
  /** The agent was told something that is no turn of the conversation: what a function returned, a key, news. */
  told(role: 'lead' | 'system', text: string, atMs: number): void
  /** The conversation so far with what was told in it. */
  among(turns: readonly Turn[]): Said[]
}

/** Of a long call the newest are kept. */
const maxNotes = 200

/** What the engine was told beside the conversation, which a new session would otherwise not know. A pure machine. */
export function createMemory(): Memory {
  const notes: (Said & { atMs: number })[] = []
  return {
    told(role, text, atMs) {
      if (notes.length === maxNotes) notes.shift()
      notes.push({ role, text, interrupted: false, atMs })
    },
    among(turns) {
      const said: Said[] = []
      let next = 0
      for (const { role, text, interrupted, atMs } of turns) {
        while (next < notes.length && notes[next]!.atMs < atMs) said.push(plain(notes[next++]!))
        said.push({ role, text, interrupted })
      }
      return [...said, ...notes.slice(next).map(plain)]
    },
  }
}

const plain = ({ role, text, interrupted }: Said): Said => ({ role, text, interrupted })
