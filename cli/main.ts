#!/usr/bin/env node
import { talkif } from './program.ts'
import { whenUnheard } from './unheard.ts'

// Whoever reads our output may stop, as head does.
whenUnheard(() => process.exit())

await talkif(process.argv.slice(2))
