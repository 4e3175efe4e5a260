// Immediate encodings that are more than a bit field: logical (bitmask), 8-bit floating point, byte masks.

let logicalCodes: Map<bigint, number> | null = null

/**
 * Every value a 64-bit logical instruction can hold, with its 13-bit N:immr:imms code
 * (Arm ARM, DecodeBitMasks): runs of ones, rotated, in elements of 2 to 64 bits.
 */
const buildLogicalCodes = (): Map<bigint, number> => {
  const codes = new Map<bigint, number>()
  for (let size = 2; size <= 64; size *= 2) {
    const mask = (1n << BigInt(size)) - 1n
    for (let ones = 1; ones < size; ones++) {
      const run = (1n << BigInt(ones)) - 1n
      for (let rot = 0; rot < size; rot++) {
        let v = ((run >> BigInt(rot)) | (run << BigInt(size - rot))) & mask
        for (let w = size; w < 64; w *= 2) v |= v << BigInt(w)
        const n = size === 64 ? 1 : 0
        const imms = ((~(size * 2 - 1) & 0x3f) | (ones - 1)) & 0x3f
        codes.set(v, (n << 12) | (rot << 6) | imms)
      }
    }
  }
  return codes
}

/** The N:immr:imms code of a logical immediate of `width` 32 or 64 bits, or NaN when there is none. */
export const logicalImmediate = (v: bigint, width: number): number => {
  logicalCodes ??= buildLogicalCodes()
  if (width === 64) return logicalCodes.get(BigInt.asUintN(64, v)) ?? NaN
  if (!fits32(v)) return NaN
  const low = BigInt.asUintN(32, v)
  return logicalCodes.get(low | (low << 32n)) ?? NaN
}

/** True when the upper 32 of v's 64 bits are all zeros or all ones. */
export const fits32 = (v: bigint): boolean => v >= -0x100000000n && v <= 0xffffffffn

/** `v` as one 16-bit half-word of a `width`-bit register: imm16 | hw << 16, or NaN. */
export const wideImmediate = (v: bigint, width: number): number => {
  for (let hw = 0; hw < width / 16; hw++) {
    const part = v >> BigInt(16 * hw)
    if (part >= 0n && part <= 0xffffn && part << BigInt(16 * hw) === v) return Number(part) | (hw << 16)
  }
  return NaN
}

const floatCodes = new Map<number, number>()
for (let imm8 = 0; imm8 < 256; imm8++) {
  // VFPExpandImm: sign a, exponent NOT(b):c:d, fraction efgh.
  const sign = (imm8 & 0x80) !== 0 ? -1 : 1
  const cd = (imm8 >> 4) & 3
  const exponent = (imm8 & 0x40) !== 0 ? cd - 3 : cd + 1
  floatCodes.set(sign * (1 + (imm8 & 15) / 16) * 2 ** exponent, imm8)
}

/** The imm8 of a floating-point constant for FMOV (Arm ARM, VFPExpandImm), or NaN. */
export const floatImmediate = (f: number): number => floatCodes.get(f) ?? NaN

/** imm8 whose bit i says that byte i of v is 0xff and not 0x00 (MOVI, 64-bit form), or NaN. */
export const byteMask = (v: bigint): number => {
  let imm8 = 0
  for (let i = 0; i < 8; i++) {
    const byte = (v >> BigInt(8 * i)) & 0xffn
    if (byte === 0xffn) imm8 |= 1 << i
    else if (byte !== 0n) return NaN
  }
  return imm8
}

const view = new DataView(new ArrayBuffer(8))
/** The number whose IEEE encoding in `width` (32 or 64) bits is v. */
export const floatFromBits = (v: bigint, width: number): number => {
  if (width === 32) {
    view.setUint32(0, Number(BigInt.asUintN(32, v)))
    return view.getFloat32(0)
  }
  view.setBigUint64(0, BigInt.asUintN(64, v))
  return view.getFloat64(0)
}
