import { type DestinationStream, destination, type Logger, pino } from 'pino'

export type Log = Logger

/** Where nothing can be logged, as on a terminal that was closed, that cannot be told either. */
const stderr = () => destination({ dest: 2, sync: true }).on('error', () => {})

/** JSON lines on stderr, since stdout belongs to what a command prints; secrets and people never leave. @param to elsewhere. */
export function openLog(level: string, to: DestinationStream = stderr()): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: printError },
      formatters: { log: (line) => hide(line) as Record<string, unknown> },
      hooks: { streamWrite: (line) => line.replace(SECRET, HIDDEN) },
    },
    to,
  )
}

const HIDDEN = '[hidden]'
/** What the vendors' and our own fields of secrets are called, and those that hold a person's name, number or words. */
const SECRETS = /authorization|cookie|password|secret|token|credential|signature|^key$|api_?key/i
const PEOPLE = /^(phone|e?mail|name|first_?name|to|from|called|caller|body|text|answers|notes|content_?variables)$/i
/** Secrets that are known by how they look, wherever they are told: ours, those of webhooks, of OpenAI and of Cal.com. */
const SECRET = /\b(?:tk_(?:test|live)_|whsec_|sk-|cal_(?:live|test)_)[\w+/=-]{8,}/g
/** Deeper than anything that is logged; what turns in a circle ends here too. */
const DEEPEST = 8

/** The same without what is not to be told. An error is printed by {@link printError}. */
function hide(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value
  if (depth > DEEPEST) return HIDDEN
  if (Array.isArray(value)) return value.map((inner) => hide(inner, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRETS.test(name) || PEOPLE.test(name) ? HIDDEN : hide(inner, depth + 1),
    ]),
  )
}

/**
 * Of an error its kind, words, code and place, and of what caused it the same. What drivers hang on their errors stays out: the
 * connection with its secrets, and the parameters of a statement, which are people's names and numbers.
 */
function printError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const withoutParameters = (text = '') => text.replace(/\nparams: [\s\S]*?(?=\n {4}at |$)/, '\nparams: [hidden]')
  const { code } = error as { code?: unknown }
  return {
    type: error.constructor.name,
    message: withoutParameters(error.message),
    ...(code === undefined ? {} : { code }),
    stack: withoutParameters(error.stack),
    ...(error.cause === undefined ? {} : { cause: printError(error.cause) }),
  }
}
