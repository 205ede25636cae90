import { expect, test } from 'vitest'
import { createConversation } from '../../runtime/sandbox/engine/conversation.ts'
import type { Outgoing } from '../../runtime/sandbox/engine/output.ts'
import { respond } from '../../runtime/sandbox/engine/response.ts'
import { createSettings } from '../../runtime/sandbox/engine/settings.ts'
import type { Speech } from '../../runtime/sandbox/speech/speech.ts'
import { createTimers } from '../../runtime/sandbox/timers.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

/** What has been sent while the second of two sentences is still being rendered. */
async function halfRendered(pace: number): Promise<Outgoing['type'][]> {
  const time = virtualClock()
  const say = (_: string, text: string) =>
    text === 'Two.' ? new Promise(() => {}) : Promise.resolve(Buffer.alloc(320))
  const sent: Outgoing['type'][] = []
  respond(
    {
      ...{ conversation: createConversation(), settings: createSettings('gpt-realtime', 0), speech: { say } as Speech },
      ...{
        timers: createTimers(time.clock),
        pace,
        latencyMs: 100,
        done() {},
        send: ({ type }) => void sent.push(type),
      },
    },
    { instructions: 'Say exactly: "One. Two."' },
  )
  await time.pass(5_000)
  return sent
}

test('in time-lapse a sentence is over before the next is rendered: none begins before all are', async () => {
  expect(await halfRendered(1)).toContain('response.output_audio.delta')
  for (const pace of [2, 8, 30]) expect(await halfRendered(pace)).not.toContain('response.output_audio.delta')
})
