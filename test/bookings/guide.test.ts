import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'

test('every example of the guide is a workspace file, and shows every kind of calendar', () => {
  const guide = readFileSync(new URL('../../docs/calendars.md', import.meta.url), 'utf8')
  const examples = [...guide.matchAll(/```yaml talkif\.yaml\n([\s\S]*?)```/g)].map((match) => match[1]!)
  const secrets = { MEHMET_CALDAV_PASSWORD: 'geheim', CAL_COM_API_KEY: 'cal_live_1' }
  const kinds = examples.map((example) => {
    const parsed = parseWorkspace(example, secrets)
    expect('faults' in parsed ? parsed.faults : []).toEqual([])
    return 'document' in parsed && (parsed.document.calendars?.[0]?.kind ?? 'embedded')
  })
  expect(kinds).toEqual(['embedded', 'caldav', 'cal_com'])
})
