import { createHash, randomBytes } from 'node:crypto'
import { typeid } from 'typeid-js'

export type IdPrefix =
  | 'lead'
  | 'call'
  | 'list'
  | 'evt'
  | 'num'
  | 'queue'
  | 'req'
  | 'ws'
  | 'key'
  | 'att'
  | 'whe'
  | 'dlv'
  | 'bkg'
  | 'msg'
  | 'node'
  | 'xfer'

/** A new sortable id (UUIDv7 in base 32), e.g. `call_01kb4t2m7ye8q9v3x5z6c7d8f9`. */
export const newId = (prefix: IdPrefix): string => typeid(prefix).toString()

/** `bytes` random bytes as base64url. */
export const randomToken = (bytes = 24): string => randomBytes(bytes).toString('base64url')

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
