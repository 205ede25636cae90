import { join } from 'node:path'

/** Rendered speech and compiled code are kept between runs. */
export const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/talkif-test')

/** All tests share one: rendering what people say costs more than any test. */
export const speechDir = join(cacheDir, 'speech')

/** For programs of this repository that a test starts: a third of a start is compiling what was compiled before. */
export const compiledDir = join(cacheDir, 'compiled')
