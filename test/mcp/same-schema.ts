import { isDeepStrictEqual } from 'node:util'
import type { Io, JsonSchema } from '../../openapi/json-schema.ts'

interface Expected {
  io: Io
  /** Members that an output declares, `results.row` for one of a row; all when not given. */
  shows?: readonly string[] | undefined
  /** What this node is, is said by the field it is a form of. */
  isSaid?: boolean
}

/** What tools may leave out wherever it stands. Inputs keep all that binds. */
const LEFT_OUT = { input: ['examples'], output: ['examples', 'pattern', 'format'] }

/**
 * Where the schema of a tool says otherwise than the whole one, as paths: a walk of its own, which shares no code with the printer of
 * tools. Empty when an input is complete, or when an output declares exactly the members of `shows`, all with equal keywords.
 */
export function differences(tool: JsonSchema, whole: JsonSchema, expected: Expected, path = ''): string[] {
  const keywords = new Set([...Object.keys(tool), ...Object.keys(whole)])
  return [...keywords].flatMap((keyword) => {
    const at = `${path}/${keyword}`
    const [mine, theirs] = [tool[keyword], whole[keyword]]
    if (mine === undefined) return mayLack(keyword, theirs, expected, path) ? [] : [at]
    if (theirs === undefined) return [at]
    if (keyword === 'properties') return inMembers(mine as Members, theirs as Members, expected, at)
    if (keyword === 'anyOf')
      return inForms(mine as JsonSchema[], theirs as JsonSchema[], 'description' in whole, expected, at)
    if (keyword === 'items') return differences(mine as JsonSchema, theirs as JsonSchema, expected, at)
    const isShown = (name: string) => name in ((tool.properties ?? {}) as Members)
    const wanted = keyword === 'required' ? (theirs as string[]).filter(isShown) : theirs
    return isDeepStrictEqual(mine, wanted) ? [] : [at]
  })
}

type Members = Record<string, JsonSchema>

function mayLack(keyword: string, value: unknown, { io, isSaid }: Expected, path: string): boolean {
  // Names of members are text anyway, and values anything.
  if (keyword === 'propertyNames') return isDeepStrictEqual(value, { type: 'string' })
  if (keyword === 'additionalProperties') return isDeepStrictEqual(value, {})
  if (keyword === 'description') return path === '' || (io === 'output' && isSaid === true)
  return LEFT_OUT[io].includes(keyword)
}

function inMembers(mine: Members, theirs: Members, { io, shows }: Expected, path: string): string[] {
  const wanted = new Set(shows?.map((it) => it.split('.')[0]!) ?? Object.keys(theirs))
  const odd = [...new Set([...Object.keys(mine), ...wanted])].filter(
    (it) => !(it in mine && it in theirs && wanted.has(it)),
  )
  const shared = Object.keys(mine).filter((it) => !odd.includes(it))
  const inner = (name: string) => {
    const below = shows?.filter((it) => it.startsWith(`${name}.`)).map((it) => it.slice(name.length + 1))
    return { io, shows: below?.length ? below : undefined }
  }
  return [
    ...odd.map((name) => `${path}/${name}`),
    ...shared.flatMap((name) => differences(mine[name]!, theirs[name]!, inner(name), `${path}/${name}`)),
  ]
}

function inForms(
  mine: JsonSchema[],
  theirs: JsonSchema[],
  isSaid: boolean,
  { io, shows }: Expected,
  path: string,
): string[] {
  if (mine.length !== theirs.length) return [path]
  // What is stated is of the form that has members; the others (null) have none.
  const stated = (form: JsonSchema) => ('properties' in form ? shows : undefined)
  return mine.flatMap((form, i) => {
    const theirForm = theirs[i]!
    return differences(form, theirForm, { io, isSaid, shows: stated(theirForm) }, `${path}/${i}`)
  })
}
