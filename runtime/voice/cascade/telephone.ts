import { frameBytes, silence, toMulaw } from '../mulaw.ts'

/** Speech on its way to a telephone, chunk by chunk. */
export interface Telephone {
  /** 16-bit little-endian mono PCM at 24 kHz, cut anywhere; μ-law at 8 kHz as far as it is known. */
  push(pcm: Buffer): Buffer
  /** The end, filled with silence to whole frames of 20 ms. */
  end(): Buffer
}

/** 24 kHz over 8 kHz. */
const factor = 3
/** So many samples on either side of one have a say in it: 2 ms of them. */
const reach = 48
/** Speech on a telephone ends at 3,400 Hz (ITU-T G.712); what is above 4,000 Hz would be folded back. */
const cutoffHz = 3_400

/** A sinc in a Hamming window, for samples at 24 kHz. */
const filter = Float64Array.from({ length: 2 * reach + 1 }, (_, at) => {
  const x = (2 * cutoffHz * (at - reach)) / 24_000
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
  return sinc * (0.54 - 0.46 * Math.cos((Math.PI * at) / reach))
})
const gain = filter.reduce((sum, tap) => sum + tap, 0)

export function createTelephone(): Telephone {
  /** Samples that still have a say; silence comes before the first. */
  let samples = new Float64Array(reach)
  let oddByte: Buffer = Buffer.alloc(0)
  let made = 0

  function take(given: Float64Array): Buffer {
    const all = new Float64Array(samples.length + given.length)
    all.set(samples)
    all.set(given, samples.length)
    const ready = Math.max(0, Math.floor((all.length - filter.length) / factor) + 1)
    const audio = Buffer.alloc(ready)
    for (let out = 0; out < ready; out += 1) {
      let sum = 0
      for (let tap = 0; tap < filter.length; tap += 1) sum += filter[tap]! * all[out * factor + tap]!
      audio[out] = toMulaw(Math.round(sum / gain))
    }
    samples = all.slice(ready * factor)
    made += ready
    return audio
  }

  return {
    push(pcm) {
      const bytes = oddByte.length > 0 ? Buffer.concat([oddByte, pcm]) : pcm
      const whole = bytes.length - (bytes.length % 2)
      oddByte = Buffer.from(bytes.subarray(whole))
      const given = new Float64Array(whole / 2)
      for (let at = 0; at < given.length; at += 1) given[at] = bytes.readInt16LE(at * 2)
      return take(given)
    },
    end() {
      const last = take(new Float64Array(reach))
      const missing = (frameBytes - (made % frameBytes)) % frameBytes
      return Buffer.concat([last, Buffer.alloc(missing, silence)])
    },
  }
}
