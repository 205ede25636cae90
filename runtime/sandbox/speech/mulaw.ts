/** One frame of telephone audio: 20 ms of G.711 μ-law at 8 kHz. */
export const FRAME_BYTES = 160
export const FRAME_MS = 20
/** μ-law for no sound at all. */
export const SILENCE = 0xff

/** Decodes one μ-law byte to 16-bit PCM (ITU-T G.711, table 2a). */
function decodeByte(byte: number): number {
  const inverted = ~byte & 0xff
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)
  return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84
}

const decoded = Int16Array.from({ length: 256 }, (_, byte) => decodeByte(byte))

/** Encodes one 16-bit PCM sample as μ-law (ITU-T G.711). */
function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample), 32635) + 0x84
  const exponent = 24 - Math.clz32(magnitude)
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff
}

/** Loudness of a stretch of μ-law in dBFS; silence is -100. */
export function loudness(audio: Buffer, start = 0, end = audio.length): number {
  let sum = 0
  for (let i = start; i < end; i++) {
    const sample = decoded[audio[i]!]!
    sum += sample * sample
  }
  const rms = Math.sqrt(sum / Math.max(1, end - start))
  return rms < 1 ? -100 : 20 * Math.log10(rms / 32768)
}

/** What counts as voice on a telephone line, in dBFS. */
export const VOICED_DB = -38

/** Hamming-windowed sinc: passes speech up to 3.4 kHz, stops what 8 kHz sampling would fold back. */
function lowPass(cutoffHz: number, sampleRate: number, taps: number): Float64Array {
  const middle = (taps - 1) / 2
  const filter = Float64Array.from({ length: taps }, (_, n) => {
    const x = (2 * cutoffHz * (n - middle)) / sampleRate
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
    return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (taps - 1)))
  })
  const sum = filter.reduce((a, b) => a + b, 0)
  return filter.map((tap) => tap / sum)
}

const halving = lowPass(3500, 16000, 63)

/**
 * 16 kHz mono PCM → 8 kHz μ-law at telephone loudness, cut to what is heard: silence around it is dropped and pauses
 * inside are kept under 180 ms (so that one answer is one turn), then 60 ms and 100 ms of silence are laid around it
 * and it is filled to whole frames.
 */
export function toTelephone(pcm: Int16Array): Buffer {
  let peak = 1
  for (const sample of pcm) peak = Math.max(peak, Math.abs(sample))
  const gain = 22000 / peak
  const half = halving.length >> 1
  const audio = Buffer.alloc(Math.ceil(pcm.length / 2 / FRAME_BYTES) * FRAME_BYTES, SILENCE)
  for (let i = 0; i * 2 < pcm.length; i++) {
    let sum = 0
    for (let tap = 0; tap < halving.length; tap++) sum += halving[tap]! * (pcm[i * 2 + tap - half] ?? 0)
    audio[i] = encodeSample(Math.round(sum * gain))
  }
  return Buffer.concat([Buffer.alloc(3 * FRAME_BYTES, SILENCE), tighten(audio), Buffer.alloc(5 * FRAME_BYTES, SILENCE)])
}

function tighten(audio: Buffer): Buffer {
  const kept: Buffer[] = []
  let pause = 0
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    const frame = audio.subarray(at, at + FRAME_BYTES)
    const quiet = loudness(frame) < VOICED_DB - 8
    pause = quiet ? pause + 1 : 0
    if ((quiet && kept.length === 0) || pause > 9) continue
    kept.push(frame)
  }
  return Buffer.concat(pause > 0 ? kept.slice(0, kept.length - Math.min(pause, 9)) : kept)
}

const tripling = lowPass(3500, 24_000, 97)

/** 8 kHz μ-law → 24 kHz mono PCM, 16 bits, little-endian: as a studio would have it, with nothing above the telephone's band. */
export function toStudio(audio: Buffer): Buffer {
  const half = tripling.length >> 1
  const pcm = Buffer.alloc(audio.length * 6)
  for (let i = 0; i < audio.length * 3; i++) {
    let sum = 0
    // Of the samples between two of ours all are nought.
    for (let tap = (i + half) % 3; tap < tripling.length; tap += 3) {
      const byte = audio[(i + half - tap) / 3]
      if (byte !== undefined) sum += tripling[tap]! * decoded[byte]!
    }
    pcm.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sum * 3))), i * 2)
  }
  return pcm
}

/** Two sounds at once, the second made quieter by a factor. */
export function mix(one: Buffer, other: Buffer, gain: number): Buffer {
  return Buffer.from(one.map((byte, i) => encodeSample(decoded[byte]! + Math.round(decoded[other[i]!]! * gain))))
}

/** A pure tone, as an answering machine's beep. */
export function tone(hertz: number, ms: number): Buffer {
  return Buffer.from(
    Array.from({ length: ms * 8 }, (_, i) =>
      encodeSample(Math.round(9000 * Math.sin((2 * Math.PI * hertz * i) / 8000))),
    ),
  )
}
