#!/usr/bin/env node
import { declared } from './program.ts'
import { whenUnheard } from './unheard.ts'

// Whoever reads our output may stop, as head does.
whenUnheard(() => process.exit())

const program = await declared(process.argv.slice(2))
await program.parseAsync()
