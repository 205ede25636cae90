import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repeatedName } from '../../api/repeated-names.ts'

const inText = (text: string) => repeatedName(text, JSON.parse(text))

describe('a name that an object holds twice', () => {
  test.for([
    ['{"consent": false, "consent": true}', '/consent'],
    ['{"consent":false,"\\u0063onsent":true}', '/consent'],
    ['{"a":{"b":1},"a":{"b":1}}', '/a'],
    ['{"rows":[{"a":1},{"b":"\\\\\\"","c" : 1,\n"c"\t:2}]}', '/rows/1/c'],
    ['{"x":["a","b",{"":1,"":2}]}', '/x/2/'],
    ['{"a/b":{"~":[],"~":1}}', '/a~1b/~0'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
    ['{"1":1,"1":1}', '/1'],
  ] as const)('%s', ([text, pointer]) => {
    expect(inText(text)).toBe(pointer)
  })

  test.for(['{"a":"a:b, \\"a\\":","b":{"a":1}}', '{"a":[":","a",{"a":1},{"a":1}],"A":1}', '{}', '[]', '"a:"'])(
    '%s has none',
    (text) => {
      expect(inText(text)).toBe(undefined)
    },
  )

  const json = fc.jsonValue({ depthSize: 'medium' })
  const spaced = fc.constantFrom(0, 1, 3, '\t')

  test('whatever JSON.stringify writes has none', () => {
    fc.assert(
      fc.property(json, spaced, (value, space) => {
        expect(inText(JSON.stringify(value, null, space))).toBe(undefined)
      }),
    )
  })

  test('an object that says one of its names again is told by its pointer, wherever it is', () => {
    const members = fc.dictionary(fc.string(), json, { minKeys: 1 })
    fc.assert(
      fc.property(members, fc.nat(), json, json, (object, at, other, beside) => {
        const names = Object.keys(object)
        const name = names[at % names.length]!
        const doubled = `${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(other)}}`
        const text = `{"beside":${JSON.stringify(beside)},"in":[0,${doubled}]}`
        expect(inText(text)).toBe(`/in/1/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      }),
    )
  })

  test('depth is no matter', () => {
    const deep = 100_000
    expect(inText(`${'{"a":['.repeat(deep)}{"b":1}${']}'.repeat(deep)}`)).toBe(undefined)
  })
})
