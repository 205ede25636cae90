/** One field that differs. A value that is absent on one side is null there. */
export interface Change {
  /** Dotted; an entry of a list goes by its name, URL or number: `calendars.mehmet.slot_minutes`. */
  path: string
  before: unknown
  after: unknown
}

/** Every field in which two values differ, in the order of their paths in `after`, then those that only `before` has. */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  // In the lists of a section the order says nothing; further down it does.
  const isSection = path !== '' && !path.includes('.')
  const [old, now] = [membersOf(before, isSection), membersOf(after, isSection)]
  if (old && now) {
    const names = new Set([...now.keys(), ...old.keys()])
    return [...names].flatMap((name) => changesBetween(old.get(name), now.get(name), path ? `${path}.${name}` : name))
  }
  return isSame(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }]
}

/** The members of an object, or of a list of `named` things its entries; undefined for a plain value. */
function membersOf(value: unknown, named: boolean): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return new Map(Object.entries(value))
  const keys = named ? value.map(keyOf) : [undefined]
  if (!keys.every((key) => key !== undefined)) return undefined
  return new Map(value.map((entry, index) => [keys[index]!, entry]))
}

/** What an entry is known again by. */
function keyOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { url, phone, name } = entry as Record<string, unknown>
  return [url, phone, name].find((it) => typeof it === 'string') as string | undefined
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
