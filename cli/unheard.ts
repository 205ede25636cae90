/** EPIPE: the program that read our output has ended. EIO: the terminal was closed. */
const codes = new Set(['EPIPE', 'EIO'])

/**
 * Says what to do once nobody reads our output any more, in place of what was said before; what is printed after that is lost.
 * @param then called for every line that nobody read.
 */
export function whenUnheard(then: () => void): void {
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
      if (!codes.has(error.code ?? '')) throw error
      then()
    })
}
