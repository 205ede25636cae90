#!/usr/bin/env node
import { declared } from './program.ts'

// Whoever reads our output may stop, as head does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const program = await declared(process.argv.slice(2))
await program.parseAsync()
