// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how flows name secrets
import { expect, test } from 'vitest'
import { resolve, SecretMissing } from '../../runtime/access/secrets.ts'

const secrets = { TOKEN: 'a $& b ${OTHER}', OTHER: 'x' }

test('secrets are put in as they are, each as often as it is named', () => {
  expect(resolve('Bearer ${TOKEN}; ${OTHER}${OTHER}', secrets)).toBe('Bearer a $& b ${OTHER}; xx')
  expect(resolve('nothing of $TOKEN, ${lower} or {OTHER}', secrets)).toBe('nothing of $TOKEN, ${lower} or {OTHER}')
})

test('one that is missing is named, and nothing of the others is told', () => {
  expect(() => resolve('${TOKEN} ${MISSING}', secrets)).toThrow(SecretMissing)
  expect(() => resolve('${TOKEN} ${MISSING}', secrets)).toThrow(/^the workspace has no secret MISSING;[^$&]*$/)
  expect(() => resolve('${constructor}${CONSTRUCTOR}', secrets)).toThrow(/CONSTRUCTOR/)
})
