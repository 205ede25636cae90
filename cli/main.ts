#!/usr/bin/env node
import { talkif } from './program.ts'

// Whoever reads our output may stop, as head does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await talkif(process.argv.slice(2))
