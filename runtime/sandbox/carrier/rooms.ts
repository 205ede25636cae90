import { FRAME_BYTES, SILENCE } from '../speech/mulaw.ts'
import type { ConferenceVerb } from './twiml.ts'

/** One call in a room. */
export interface Seat {
  /** Says 20 ms and hears 20 ms. */
  exchange(said: Buffer): Buffer
  /** The call is over, or does something else. */
  leave(): void
}

/** The conferences of one account, by their name (https://www.twilio.com/docs/voice/twiml/conference). */
export interface Rooms {
  /** @param ended told once when the room ends under the call. Undefined when the room is full. */
  join(verb: ConferenceVerb, ended: () => void): Seat | undefined
}

interface Participant {
  verb: ConferenceVerb
  /** What the others said and this one did not hear yet. */
  ear: Buffer[]
  ended(): void
}

/** A tenth of a second: paces drift apart, and late words are no use. */
const EAR_FRAMES = 5

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)

export function createRooms(): Rooms {
  const rooms = new Map<string, Set<Participant>>()

  /** "The conference starts when the first participant joins with startConferenceOnEnter", and two are needed to talk. */
  const isRunning = (room: Set<Participant>) => room.size > 1 && [...room].some(({ verb }) => verb.startsOnEnter)

  function leave(room: Set<Participant>, participant: Participant): void {
    if (!room.delete(participant)) return
    const { verb } = participant
    if (room.size > 0 && !verb.endsOnExit) return
    if (rooms.get(verb.room) === room) rooms.delete(verb.room)
    const others = [...room]
    room.clear()
    for (const other of others) other.ended()
  }

  return {
    join(verb, ended) {
      const room = rooms.get(verb.room) ?? new Set()
      if (room.size >= verb.maxParticipants) return undefined
      const participant: Participant = { verb, ear: [], ended }
      rooms.set(verb.room, room.add(participant))
      return {
        exchange(said) {
          if (!isRunning(room)) return silence
          for (const other of room) {
            if (other !== participant && other.ear.push(said) > EAR_FRAMES) other.ear.shift()
          }
          return participant.ear.shift() ?? silence
        },
        leave: () => leave(room, participant),
      }
    },
  }
}
