import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The folder of `package.json`, with a slash at its end: sources run in it, compiled files one folder further down. */
export const packageRoot: URL = pathToFileURL(`${dirname(findPackageJSON(import.meta.url)!)}/`)
