import { anything, like, list, oneOf, orNull, text } from '../../runtime/sandbox/engine/shape.ts'

/** What `tsc` has to refuse in the sandbox's shapes; it complains of an expectation that is not met. */

interface Sdk {
  type: 'a'
  id?: string
  mode?: 'slow' | 'fast'
  modes?: ('slow' | 'fast')[]
  name?: (string & {}) | 'anna'
}

const rest = { id: text, mode: oneOf('slow', 'fast'), modes: list(oneOf('slow', 'fast')), name: text }

export const shapes = [
  like<Sdk>({ 'type!': anything, ...rest }),
  like<Sdk, 'id'>({ 'type!': anything, 'id!': text, mode: rest.mode, modes: rest.modes, name: text }),
  like<Sdk>({ 'type!': anything, ...rest, mode: orNull(oneOf('slow', 'fast')) }),
  // @ts-expect-error a required field that is optional
  like<Sdk>({ type: anything, ...rest }),
  // @ts-expect-error an optional field that is required
  like<Sdk>({ 'type!': anything, 'id!': text, mode: rest.mode, modes: rest.modes, name: text }),
  // @ts-expect-error a field that is missing
  like<Sdk>({ 'type!': anything, mode: rest.mode, modes: rest.modes, name: text }),
  // @ts-expect-error a field of ours alone
  like<Sdk>({ 'type!': anything, ...rest, pace: text }),
  // @ts-expect-error an enumeration that lacks a value
  like<Sdk>({ 'type!': anything, ...rest, mode: oneOf('slow') }),
  // @ts-expect-error an enumeration that has another value
  like<Sdk>({ 'type!': anything, ...rest, mode: oneOf('slow', 'fast', 'idle') }),
  // @ts-expect-error the same in a list
  like<Sdk>({ 'type!': anything, ...rest, modes: list(oneOf('slow')) }),
  // @ts-expect-error an object of another type
  like<{ deep?: Sdk }>({ deep: like<{ id?: string }>({ id: text }) }),
]
