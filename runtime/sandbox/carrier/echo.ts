import { FRAME_BYTES, FRAME_MS, mix, SILENCE } from '../speech/mulaw.ts'

const silence = Buffer.alloc(FRAME_BYTES, SILENCE)

/** A telephone on loudspeaker: what it plays comes back with what is said into it, later and quieter. */
export function createEcho(line: { delayMs: number; gain: number } | undefined) {
  const played: Buffer[] = []
  return (heard: Buffer, said: Buffer): Buffer => {
    if (!line) return said
    played.push(Buffer.from(heard))
    const late = played.length > line.delayMs / FRAME_MS ? played.shift()! : silence
    return late.equals(silence) ? said : mix(said, late, line.gain)
  }
}
