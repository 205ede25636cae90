export interface ByteRange {
  /** The first and the last byte, both included. */
  from: number
  to: number
}

/**
 * The one range that a `Range` header asks for, of a thing of so many bytes (RFC 9110, section 14.1.2).
 * @returns undefined when the whole is to be sent: there is no header, another unit, several ranges, or none that is one (14.2
 * lets a server ignore those); `null` when it asks for nothing that is there (416).
 */
export function byteRange(header: string | undefined, bytes: number): ByteRange | null | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return undefined
  // `-500`: the last 500 bytes.
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (first !== '' && last !== '' && Number(last) < from) return undefined
  return from < bytes ? { from, to } : null
}
