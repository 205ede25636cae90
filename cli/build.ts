import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `npm run build`: what the package holds instead of its sources, in `dist/`. Node strips no types below node_modules. */

const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)

function compile(project: string): void {
  const tsc = join(findPackageJSON('typescript', import.meta.url)!, '../bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: fileURLToPath(root), stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

/** Files that are read beside the code that reads them. */
function copyAssets(): void {
  for (const folder of ['well-known/skills', 'runtime/db/migrations'])
    cpSync(new URL(folder, root), new URL(folder, dist), { recursive: true })
}

/** One file of Scalar's, 4 MB, in place of a dependency of 287 MB, and beside it whose it is. */
function copyExplorer(): void {
  const entry = import.meta.resolve('@scalar/api-reference')
  const { name, version, license, author, homepage } = JSON.parse(
    readFileSync(new URL('../package.json', entry), 'utf8'),
  )
  const assets = new URL('api/assets/', dist)
  mkdirSync(assets, { recursive: true })
  copyFileSync(new URL('./browser/standalone.js', entry), new URL(`scalar-${version}.js`, assets))
  const notice = `${name} ${version}, copyright ${author}, under the ${license} license; ${homepage}\n`
  writeFileSync(new URL('NOTICE', assets), notice)
}

rmSync(dist, { recursive: true, force: true })
compile('tsconfig.build.json')
compile('tsconfig.client.json')
copyAssets()
copyExplorer()
