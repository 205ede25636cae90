import { destination, type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on stderr: stdout belongs to what a command prints. Secrets are named here once and never leave. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: printError },
      redact: {
        paths: ['*.authorization', '*.apiKey', '*.authToken', '*.secret', '*.phone', '*.email', '*.name'],
        censor: '[hidden]',
      },
    },
    // Where nothing can be logged, as on a terminal that was closed, that cannot be told either.
    destination({ dest: 2, sync: true }).on('error', () => {}),
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
