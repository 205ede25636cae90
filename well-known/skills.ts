import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Document, MARKDOWN } from '../openapi/pages.ts'
import { contractParts, fill } from '../openapi/parts.ts'
import { json } from './json.ts'

const FOLDER = '/.well-known/agent-skills'
const skills = ['call-a-lead', 'write-a-flow'] as const

/**
 * Skills for agents that load them, and their index.
 * @see https://github.com/cloudflare/agent-skills-discovery-rfc (0.2.0), https://agentskills.io/specification
 * @throws Error for a skill without a description.
 */
export function skillDocuments(url: string): Document[] {
  const documents = skills.map((name) => ({ name, ...skillDocument(name, url) }))
  const index = {
    $schema: 'https://schemas.agentskills.io/discovery/0.2.0/schema.json',
    skills: documents.map(({ name, path, text }) => ({
      name,
      type: 'skill-md',
      description: descriptionOf(text),
      url: `${url}${path}`,
      digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
    })),
  }
  const files = documents.map(({ name: _, ...document }) => document)
  return [json(`${FOLDER}/index.json`, 'application/json', index), ...files]
}

function skillDocument(name: string, url: string): Document {
  const text = readFileSync(new URL(`./skills/${name}/SKILL.md`, import.meta.url), 'utf8')
  return { path: `${FOLDER}/${name}/SKILL.md`, type: MARKDOWN, text: fill(text, contractParts(url)) }
}

function descriptionOf(skill: string): string {
  const [, description] = /^description: (.+)$/m.exec(skill) ?? []
  if (!description) throw new Error('a skill has no description')
  return description
}
