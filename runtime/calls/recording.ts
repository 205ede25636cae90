import { recordingOf } from '../artifacts/links.ts'
import { openRecordingFile, readRecording } from '../artifacts/store.ts'
import { within } from '../clock.ts'
import type { Deps } from '../deps.ts'
import type { Recorder } from '../voice/port.ts'
import { headerBytes } from '../voice/recorder.ts'
import type { ToolContext } from './tool-context.ts'

/** What one dial is recorded by. */
export interface Recording {
  /** Undefined when it could not be begun: the call goes on without. */
  recorder: Recorder | undefined
  /** Nothing of it is there. One that broke off is kept as far as it goes. */
  readonly isLost: boolean
}

/** Whoever has picked up does not wait for a disk that hangs. */
const BEGIN_MS = 2_000

export async function openRecording(deps: Deps, { call, attempt }: ToolContext): Promise<Recording> {
  let file: Recorder | undefined
  let isLate = false
  let isLost = true
  const opened = openRecordingFile(deps.config, call.id, attempt).then((it) => {
    if (!isLate) file = it
    else return it.close()
  })
  const told = opened.catch((error) => tellLost(error))
  if (!(await within(deps.clock, BEGIN_MS, told))) tellLost(new Error('the disk does not answer'))
  isLate = true

  function tellLost(err: unknown) {
    deps.log.error({ err, call: call.id }, 'a call goes on without its recording')
  }

  return {
    recorder: file && {
      ...file,
      async close() {
        const kept = () => readRecording(deps.config, recordingOf(call.id, attempt)).catch(() => null)
        await file!.close().finally(async () => {
          isLost = ((await kept())?.bytes ?? 0) <= headerBytes
        })
      },
    },
    get isLost() {
      return isLost
    },
  }
}
