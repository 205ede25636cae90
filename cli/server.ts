import { accepted, type Client, ConnectionError, createClient } from '../openapi/client.ts'
import type { ClientConfig } from '../runtime/config.ts'
import { CommandError } from './failure.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Sent {
  /** Members that are undefined are left out. */
  query?: Record<string, string | number | undefined>
  /** Sent as JSON, or as it is with the type that is named. */
  body?: object | { type: string; text: string }
}

/** A Talkif server as the command line uses it: the eight operations, and the routes under /workspace. */
export interface Server {
  url: string
  /** The one that `talkif dev` started in this folder. */
  isDev: boolean
  api: Client
  /** The JSON that a route answers, null for nothing. @throws TalkifError, ConnectionError */
  ask<T>(method: Method, path: string, sent?: Sent): Promise<T>
  /** The text that a route answers, such as CSV. @throws TalkifError, ConnectionError */
  text(path: string, query?: Sent['query']): Promise<string>
}

export const noKey = (): CommandError =>
  new CommandError(
    'There is no API key.',
    'Set TALKIF_KEY, or give --key. `talkif dev` makes one, and commands run in its folder find it by themselves.',
  )

/** @throws CommandError without a key. */
export function openServer({
  url,
  key,
  isDev = false,
}: Pick<ClientConfig, 'url' | 'key'> & { isDev?: boolean }): Server {
  if (!key) throw noKey()
  const send = async (method: Method, path: string, { query = {}, body }: Sent): Promise<string> => {
    const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    )
    const { type, text } = body && 'text' in body ? body : { type: 'application/json', text: JSON.stringify(body) }
    const response = await accepted({ url }, `${url}${path}${given.length ? `?${new URLSearchParams(given)}` : ''}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': type } : {}) },
      ...(body ? { body: text } : {}),
    })
    return response.text()
  }
  return {
    url,
    isDev,
    api: createClient({ url, key }),
    ask: async <T>(method: Method, path: string, sent: Sent = {}) => {
      const text = await send(method, path, sent)
      return (text ? parsed(text, url) : null) as T
    },
    text: (path, query) => send('GET', path, { query: query ?? {} }),
  }
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConnectionError(`${url} answered, but not as a Talkif server does.`, { status: 200, cause })
  }
}
