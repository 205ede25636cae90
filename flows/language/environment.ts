/** A text with the variables of the environment filled in, or the first place where that is not possible. */
export type Filled = { text: string } | { at: number; message: string; missing?: string }

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Fills `${NAME}` and `${NAME:-default}` (the default stands in also for an empty variable); `$${` is `${`.
 * A value is text, whatever is in it: nothing of it is read as YAML, or filled again.
 */
export function fillEnvironment(text: string, environment: Readonly<Record<string, string | undefined>>): Filled {
  let filled = ''
  let after = 0
  for (const { 0: whole, 1: name, 2: fallback, index } of text.matchAll(REFERENCE)) {
    filled += text.slice(after, index)
    after = index + whole.length
    if (whole === '$${') filled += '${'
    else if (name === undefined)
      return {
        at: index,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how it is written
        message: 'a variable is written ${NAME} or ${NAME:-default}; $${ stands for the characters ${',
      }
    else {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined
      const given = fallback === undefined ? value : value || fallback
      if (given === undefined)
        return {
          at: index,
          message: `the environment has no variable ${name}; set it, or write \${${name}:-default}`,
          missing: name,
        }
      filled += given
    }
  }
  return { text: filled + text.slice(after) }
}

/** A text that `fillEnvironment` gives back as it is. */
export const escapeEnvironment = (text: string): string => text.replaceAll('${', () => '$${')

/** Whether anything in it is filled in. */
export const hasVariables = (text: string): boolean => text.includes('${')
