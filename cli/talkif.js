#!/usr/bin/env node
// Plain JavaScript in old words, so that an old Node, too, can say what it lacks. In a checkout the sources run as they
// stand; a package holds what `npm run build` made of them, because Node strips no types below node_modules.
import { existsSync } from 'node:fs'
import module from 'node:module'

const source = new URL('./main.ts', import.meta.url)
const compiled = new URL('../dist/cli/main.js', import.meta.url)

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `Talkif needs Node 24 or newer; this is ${process.versions.node}. Install one from https://nodejs.org, then try again.\n`,
  )
  process.exit(1)
}
// Compiled code is kept between runs: a light command starts in half the time.
module.enableCompileCache()
await import(existsSync(source) ? source.href : compiled.href)
