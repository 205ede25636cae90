import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** What every property test of the run draws its cases from. */
    fastCheckSeed: number
  }
}

/** One seed a run, printed, so that any run can be repeated: `FAST_CHECK_SEED=… npm test`. */
export default function setup(project: TestProject) {
  const given = process.env.FAST_CHECK_SEED
  const seed = Number(given ?? Math.floor(Math.random() * 2 ** 31))
  if (!Number.isInteger(seed)) throw new Error(`FAST_CHECK_SEED is no whole number: ${given}`)
  project.provide('fastCheckSeed', seed)
  console.log(`FAST_CHECK_SEED=${seed}`)
}
