/** G.711 μ-law at 8 kHz, one byte a sample: the only audio format in this folder. */
export const bytesPerMs = 8
export const frameMs = 20
export const frameBytes = frameMs * bytesPerMs
/** The byte of digital silence (+0). */
export const silence = 0xff

/** Magnitude of each code word, 0–32,124 (ITU-T G.711, table 2a). */
const magnitudes = Uint16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff
  return ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84
})

/** One sample of 16-bit PCM as a code word; what is louder than G.711 can tell is as loud as it can. */
export function toMulaw(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84
  const exponent = 24 - Math.clz32(magnitude)
  const sign = sample < 0 ? 0x80 : 0
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff
}

/** Mean magnitude of a stretch of audio, 0–32,124. Speech on a telephone is some thousands, a quiet line under a hundred. */
export function loudness(audio: Uint8Array): number {
  let sum = 0
  for (const code of audio) sum += magnitudes[code]!
  return audio.length === 0 ? 0 : sum / audio.length
}

/** −36 dBm0 or so: above the noise of a line, below quiet speech. */
export const voiceLoudness = 400
