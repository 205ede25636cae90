import { ownVariables } from '../runtime/config.ts'

/** Shorter values are found everywhere and hide nothing worth hiding. */
const SHORTEST = 4

/**
 * Puts `${NAME}` in the place of every value that a file takes from the environment, however deep it stands: what comes from there
 * may be a secret, and is never printed.
 */
export function concealer(text: string, variables = ownVariables()): <T>(value: T) => T {
  const names = new Set([...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name!))
  const hidden = [...names]
    .map((name) => ({ name, value: variables[name] ?? '' }))
    .filter(({ value }) => value.length >= SHORTEST)
    // The longest first, as one may stand within another.
    .toSorted((a, b) => b.value.length - a.value.length)
  const conceal = <T>(value: T): T => {
    if (typeof value === 'string')
      return hidden.reduce((shown: string, it) => shown.replaceAll(it.value, `\${${it.name}}`), value) as T
    if (Array.isArray(value)) return value.map(conceal) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [conceal(key), conceal(inner)])) as T
  }
  return conceal
}
