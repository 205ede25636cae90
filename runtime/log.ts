import { destination, type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on stderr: stdout belongs to what a command prints. Secrets are named here once and never leave. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['*.authorization', '*.apiKey', '*.authToken', '*.secret', '*.phone', '*.email', '*.name'],
        censor: '[hidden]',
      },
    },
    destination({ dest: 2, sync: true }),
  )
}
