import { globSync, readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const find = (pattern: string) => globSync(pattern, { cwd: root }).toSorted()

/** Every flow that anybody is shown: the files of the demo workspace, and the examples of guides and README. */
export const exampleFlows: [name: string, yaml: string][] = [
  ...find('flows/*.yaml')
    .filter((path) => path !== 'flows/talkif.yaml')
    .map((path): [string, string] => [path, read(path)]),
  ...find('{docs/*,README}.md').flatMap((path) =>
    [...read(path).matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
      .map((match) => match[1]!)
      .filter((yaml) => /^id:/m.test(yaml))
      .map((yaml, i): [string, string] => [`${path}, flow ${i + 1}`, yaml]),
  ),
]
