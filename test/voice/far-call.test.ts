import { expect, test } from 'vitest'
import { acceptMediaStream } from '../../runtime/carrier/twilio/media-stream.ts'
import { elastic, systemClock } from '../../runtime/clock.ts'
import { startSandbox } from '../../runtime/sandbox/server.ts'
import { loudness } from '../../runtime/voice/mulaw.ts'
import { createPlayback } from '../../runtime/voice/playback.ts'
import { speechDir } from '../harness/cache.ts'
import { callTo, credentials, openApp, twilioAt } from '../sandbox/harness.ts'

const tone = Buffer.alloc(160, 0x04)

/** A call at life's pace to a phone on loudspeaker: what the callee hears comes back whole. */
async function farCall(delayMs: number) {
  const clock = elastic(systemClock)
  const chaos = { media: { delayMs }, callee: { echo: { delayMs: 0, gain: 1 } } }
  const sandbox = await startSandbox({ clock, credentials, cacheDir: speechDir, chaos })
  const accepted = Promise.withResolvers<Awaited<ReturnType<typeof acceptMediaStream>>>()
  const app = await openApp((socket) => {
    acceptMediaStream(socket, { clock, startTimeoutMs: 60_000 }).then(accepted.resolve, accepted.reject)
  })
  await twilioAt(sandbox.carrierUrl({ pace: 1, waits: 500 })).calls.create(callTo('+12025550109', app))
  const stream = await accepted.promise
  return {
    ...{ clock, stream },
    async [Symbol.asyncDispose]() {
      stream.close()
      await app[Symbol.asyncDispose]()
      await sandbox.close()
    },
  }
}

/** For the machine, which has both ends and other tests to run. What was wrong before was the way there and back: 400 ms. */
const marginMs = 100

test.each([200])(
  'over real sockets, %i ms each way: what a cut says was heard is what came back from the loudspeaker',
  async (delayMs) => {
    await using call = await farCall(delayMs)
    const { clock, stream } = call
    const done = Promise.withResolvers<void>()
    const playback = createPlayback({
      frame: (frame) => stream.sendAudio(frame),
      mark: (name) => stream.sendMark(name),
      clear: () => stream.clear(),
      heard: () => {},
    })
    const cuts: { heardMs: number; truthMs: number }[] = []
    let frames = 0
    let heardMs = 0
    stream.listen({
      onAudio(frame) {
        // The stream is the clock of this test: three times 600 ms of a tone, cut, and a second to hear the rest of it.
        const at = frames % 90
        frames += 1
        if (loudness(frame) > loudness(tone) / 2) heardMs += 20
        if (at === 0) {
          heardMs = 0
          playback.add(`tone ${frames}`, Buffer.alloc(5_000 * 8, 0x04))
        }
        playback.tick(clock.monotonic())
        if (at === 37) cuts.push({ heardMs: playback.cut(clock.monotonic())[0]!.heardMs, truthMs: 0 })
        if (at === 89) cuts.at(-1)!.truthMs = heardMs
        if (cuts.length === 3 && at === 89) done.resolve()
      },
      onMark: (name) => playback.marked(name, clock.monotonic()),
      onDigit: () => {},
      onClose: () => done.reject(new Error('the line dropped')),
    })
    await done.promise
    const wrongMs = cuts.map(({ heardMs, truthMs }) => Math.abs(heardMs - truthMs))
    expect(Math.min(...cuts.map(({ truthMs }) => truthMs))).toBeGreaterThan(400)
    // A stall of the machine spoils one of them.
    expect(wrongMs.toSorted((a, b) => a - b)[1]).toBeLessThanOrEqual(50 + marginMs)
  },
  30_000,
)
