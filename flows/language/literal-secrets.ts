import { parse } from 'yaml'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { SECRET_IS_SET } from '../../openapi/schemas/workspace-sections.ts'
import { formsOf } from '../../openapi/workspace-schema.ts'
import { hasVariables } from './environment.ts'

/**
 * Paths of what is written and never shown, and of addresses with a password, where the text of a `talkif.yaml` holds it itself instead
 * of a variable. @param text without faults.
 */
export const literalSecrets = (text: string): string[] =>
  secretsIn(parse(text), printSchema(WorkspaceDocument, 'input'), [])

function secretsIn(value: unknown, schema: JsonSchema, path: string[]): string[] {
  const forms = formsOf(schema)
  if (typeof value === 'string' || typeof value === 'number') {
    const isSecret = forms.some(({ writeOnly }) => writeOnly) || hasPassword(String(value))
    return isSecret && value !== SECRET_IS_SET && !hasVariables(String(value)) ? [path.join('.')] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, memberOf(forms, key), [...path, key]))
}

function memberOf(forms: JsonSchema[], key: string): JsonSchema {
  for (const { items, properties = {}, additionalProperties } of forms as Record<string, JsonSchema | undefined>[]) {
    const member = items ?? (Object.hasOwn(properties, key) ? properties[key] : additionalProperties)
    if (typeof member === 'object') return member as JsonSchema
  }
  return {}
}

const hasPassword = (text: string): boolean => URL.canParse(text) && new URL(text).password !== ''
