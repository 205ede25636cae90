import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('./broken/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

/** Broken flow files, each with what a terminal shows of its faults: the same name, but `.txt`. */
export const brokenFlows: { what: string; yaml: string; told: string }[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .toSorted()
  .map((name) => {
    const what = name.slice(0, -'.yaml'.length)
    return { what: what.replaceAll('-', ' '), yaml: read(name), told: read(`${what}.txt`) }
  })
