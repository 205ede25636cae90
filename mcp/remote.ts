import { ConnectionError, createClient, TalkifError } from '../openapi/client.ts'
import { readShape } from '../openapi/faults.ts'
import { operations } from '../openapi/operations.ts'
import { type Call, type Door, problemHere } from './door.ts'

export interface RemoteOptions {
  /** Of a Talkif server. */
  url: string
  key: string
  readOnly: boolean
}

/** The door to a server elsewhere, over its HTTP API. Which tools the key may use, only that server knows. */
export function remoteDoor({ url, key, readOnly }: RemoteOptions): Door {
  const client = createClient({ url, key })
  const here = { url, requestId: 'not_sent' }
  const call: Call = async (operation, input, options) => {
    // Path and query travel as text: what was wrong with them is told before it is lost.
    const it = operations[operation]
    const faults = it.method === 'post' ? [] : readShape(it.input, input).faults
    const [fault] = faults
    if (fault) throw new TalkifError(problemHere(here, 'invalid_request', { detail: fault.detail, errors: faults }))
    try {
      return await client[operation](input as never, options)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      throw new TalkifError(problemHere(here, 'unavailable', { detail: error.message, suggested_action: MEND }))
    }
  }
  return { ...here, call, readOnly, scopes: undefined, idsOf: async () => [] }
}

const MEND = 'Check that a Talkif server runs at this URL (`talkif mcp --url`), then call the tool again.'
