// Inner loops of FP and SIMD programs in A64 assembly: X0 counts down, X1 and X2 are two 4 KiB buffers of doubles near 1, X3 starts at 0.

export interface Kernel { readonly name: string; readonly group: 'scalar' | 'vector' | 'integer' | 'crypto' | 'modes'; readonly init?: string; readonly body: string; readonly fpcr?: number }

/** Steps through the buffers. */
const next = (bytes: number): string => `add x3, x3, #${bytes}\n and x3, x3, #0xfff`;

export const KERNELS: readonly Kernel[] = [
  { name: 'daxpy', group: 'scalar', init: 'fmov d8, #0.5', body: `ldr d0, [x1, x3]\n ldr d1, [x2, x3]\n fmul d0, d0, d8\n fadd d1, d1, d0\n fmul d1, d1, d8\n str d1, [x2, x3]\n ${next(8)}` },
  { name: 'dot, fused', group: 'scalar', init: 'fmov d2, #1.0\n fmov d4, #0.5', body: `ldr d0, [x1, x3]\n ldr d1, [x2, x3]\n fmadd d2, d0, d1, d2\n fmsub d2, d2, d4, d0\n ${next(8)}` },
  {
    name: 'mandelbrot', group: 'scalar', init: 'fmov d4, #-0.75\n fmov d5, #0.1328125\n fmov d6, #4.0\n movi d0, #0\n movi d1, #0',
    body: 'fmul d2, d0, d0\n fmul d3, d1, d1\n fadd d7, d2, d3\n fmul d1, d0, d1\n fadd d1, d1, d1\n fadd d1, d1, d5\n fsub d0, d2, d3\n fadd d0, d0, d4\n fcmpe d7, d6\n b.le 1f\n fmov d0, d4\n fmov d1, d5\n1:',
  },
  {
    name: 'n-body', group: 'scalar', init: 'fmov d8, #1.0\n fmov d9, #2.0',
    body: `ldr d0, [x1, x3]\n ldr d1, [x2, x3]\n fsub d2, d0, d1\n fadd d3, d0, d1\n fmul d4, d2, d2\n fmul d5, d3, d3\n fadd d4, d4, d5\n fsqrt d5, d4\n fmul d4, d4, d5\n fdiv d6, d8, d4\n fmul d2, d2, d6\n fabs d2, d2\n fminnm d2, d2, d9\n str d2, [x2, #4080]\n ${next(8)}`,
  },
  { name: 'polynomial, single', group: 'scalar', init: 'fmov s1, #0.5\n fmov s2, #0.75\n fmov s3, #-0.25\n fmov s4, #1.0\n fmov s0, #0.25', body: 'fmadd s5, s1, s0, s2\n fmadd s5, s5, s0, s3\n fmadd s5, s5, s0, s4\n fmul s5, s5, s1\n fmadd s0, s5, s2, s3' },
  { name: 'conversions', group: 'scalar', init: 'mov x5, #12345\n fmov d3, #0.75', body: 'scvtf d0, x5\n fmul d0, d0, d3\n fcvt s1, d0\n fcvt d2, s1\n fcvtzs x6, d2\n ucvtf s4, w6\n fcvtzu w7, s4\n add x5, x6, x7, lsr #2' },
  { name: 'compare and select', group: 'scalar', init: 'fmov d3, #1.0\n fmov d4, #0.5', body: `ldr d0, [x1, x3]\n ldr d1, [x2, x3]\n fcmp d0, d1\n fcsel d2, d0, d1, gt\n fcmp d2, d3\n cset w6, mi\n fmaxnm d5, d2, d4\n ${next(8)}` },
  { name: 'matrix, 4 singles', group: 'vector', init: 'movi v0.4s, #0\n movi v1.4s, #0\n fmov v8.4s, #0.5', body: `ldr q2, [x1, x3]\n ldr q3, [x2, x3]\n fmul v4.4s, v8.4s, v2.s[0]\n fmla v4.4s, v8.4s, v3.s[1]\n fmla v4.4s, v8.4s, v8.s[2]\n fmla v4.4s, v8.4s, v8.s[3]\n fmul v8.4s, v4.4s, v8.4s\n fmov v8.4s, #0.5\n ${next(16)}` },
  { name: 'stencil, 2 doubles', group: 'vector', init: 'fmov v8.2d, #0.25', body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n fadd v2.2d, v0.2d, v1.2d\n fmul v2.2d, v2.2d, v8.2d\n fmla v2.2d, v0.2d, v8.2d\n fmax v2.2d, v2.2d, v8.2d\n str q2, [x2, x3]\n ${next(16)}` },
  { name: 'pixels to floats', group: 'vector', init: 'fmov v8.4s, #0.5', body: `ldr q0, [x1, x3]\n ushll v1.4s, v0.4h, #0\n ucvtf v1.4s, v1.4s\n fmul v1.4s, v1.4s, v8.4s\n fcvtzu v2.4s, v1.4s\n uzp1 v2.8h, v2.8h, v2.8h\n str d2, [x2, x3]\n ${next(16)}` },
  { name: 'sum of differences', group: 'integer', init: 'movi v4.8h, #0', body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n uabd v2.16b, v0.16b, v1.16b\n uadalp v4.8h, v2.16b\n urhadd v3.16b, v0.16b, v1.16b\n umax v3.16b, v3.16b, v2.16b\n ${next(16)}` },
  { name: 'find a byte', group: 'integer', init: 'movi v8.16b, #0x77', body: `ldr q0, [x1, x3]\n cmeq v1.16b, v0.16b, v8.16b\n umaxp v1.16b, v1.16b, v1.16b\n fmov x6, d1\n cbnz x6, 1f\n 1: shrn v2.8b, v1.8h, #4\n umov w7, v2.b[3]\n ${next(16)}` },
  { name: 'look-up tables', group: 'integer', init: 'movi v8.16b, #15', body: `ldr q0, [x1, x3]\n ldp q4, q5, [x2]\n and v1.16b, v0.16b, v8.16b\n ushr v2.16b, v0.16b, #4\n tbl v1.16b, {v4.16b}, v1.16b\n tbl v2.16b, {v4.16b, v5.16b}, v2.16b\n zip1 v3.16b, v1.16b, v2.16b\n ext v3.16b, v3.16b, v1.16b, #5\n rev64 v3.16b, v3.16b\n str q3, [x2, #4080]\n ${next(16)}` },
  { name: 'fixed-point audio', group: 'integer', body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n sqdmulh v2.8h, v0.8h, v1.8h\n sqadd v3.8h, v2.8h, v0.8h\n smull v4.4s, v0.4h, v1.4h\n smlal2 v4.4s, v0.8h, v1.8h\n sqrshrn v5.4h, v4.4s, #8\n sshl v6.8h, v3.8h, v1.8h\n ${next(16)}` },
  { name: 'byte dot products', group: 'integer', init: 'movi v4.4s, #0', body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n sdot v4.4s, v0.16b, v1.16b\n udot v4.4s, v0.16b, v1.4b[1]\n addv s5, v4.4s\n cnt v6.16b, v0.16b\n uaddlv h6, v6.16b\n ${next(16)}` },
  { name: 'AES-128', group: 'crypto', body: `ldr q0, [x1, x3]\n ldp q1, q2, [x2]\n ${'aese v0.16b, v1.16b\n aesmc v0.16b, v0.16b\n aese v0.16b, v2.16b\n aesmc v0.16b, v0.16b\n'.repeat(4)} aese v0.16b, v1.16b\n aesmc v0.16b, v0.16b\n aese v0.16b, v2.16b\n eor v0.16b, v0.16b, v1.16b\n str q0, [x1, x3]\n ${next(16)}` },
  { name: 'AES-128, decrypting', group: 'crypto', body: `ldr q0, [x1, x3]\n ldp q1, q2, [x2]\n ${'aesd v0.16b, v1.16b\n aesimc v0.16b, v0.16b\n aesd v0.16b, v2.16b\n aesimc v0.16b, v0.16b\n'.repeat(5)} str q0, [x1, x3]\n ${next(16)}` },
  { name: 'SHA-256', group: 'crypto', body: `ldr q4, [x1, x3]\n ldr q5, [x2, x3]\n ${'mov v2.16b, v0.16b\n sha256h q0, q1, v4.4s\n sha256h2 q1, q2, v4.4s\n sha256su0 v4.4s, v5.4s\n sha256su1 v4.4s, v5.4s, v6.4s\n'.repeat(4)} ${next(16)}` },
  { name: 'SHA-1', group: 'crypto', body: `ldr q4, [x1, x3]\n ldr q5, [x2, x3]\n ${'sha1h s2, s0\n sha1c q0, s1, v4.4s\n sha1su0 v4.4s, v5.4s, v6.4s\n sha1su1 v4.4s, v5.4s\n sha1p q0, s2, v4.4s\n'.repeat(4)} ${next(16)}` },
  { name: 'GHASH', group: 'crypto', body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n ext v2.16b, v0.16b, v0.16b, #8\n pmull v3.1q, v0.1d, v1.1d\n pmull2 v4.1q, v0.2d, v1.2d\n pmull v5.1q, v2.1d, v1.1d\n pmull2 v6.1q, v2.2d, v1.2d\n eor v5.16b, v5.16b, v6.16b\n eor v3.16b, v3.16b, v5.16b\n eor v3.16b, v3.16b, v4.16b\n str q3, [x1, x3]\n ${next(16)}` },
  { name: 'SHA-512', group: 'crypto', body: `ldr q4, [x1, x3]\n ldr q5, [x2, x3]\n ${'sha512h q0, q1, v4.2d\n sha512h2 q1, q0, v5.2d\n sha512su0 v4.2d, v5.2d\n sha512su1 v4.2d, v5.2d, v6.2d\n'.repeat(4)} ${next(16)}` },
  // What host arithmetic does not do alone: other rounding modes, flushing, half precision.
  { name: 'daxpy, towards zero', group: 'modes', init: 'fmov d8, #0.5', fpcr: 0xc00000, body: `ldr d0, [x1, x3]\n ldr d1, [x2, x3]\n fmul d0, d0, d8\n fadd d1, d1, d0\n fmul d1, d1, d8\n str d1, [x2, x3]\n ${next(8)}` },
  { name: 'interval sums', group: 'modes', init: 'fmov s8, #0.75', fpcr: 0x400000, body: `ldr s0, [x1, x3]\n ldr s1, [x2, x3]\n fmadd s2, s0, s8, s1\n fdiv s3, s2, s8\n fsqrt s3, s3\n fadd s3, s3, s1\n str s3, [x2, #4080]\n ${next(4)}` },
  { name: 'stencil, flushing', group: 'modes', init: 'fmov v8.2d, #0.25', fpcr: 0x1000000, body: `ldr q0, [x1, x3]\n ldr q1, [x2, x3]\n fadd v2.2d, v0.2d, v1.2d\n fmul v2.2d, v2.2d, v8.2d\n fmla v2.2d, v0.2d, v8.2d\n fmax v2.2d, v2.2d, v8.2d\n str q2, [x2, x3]\n ${next(16)}` },
  { name: 'matrix, 8 halves', group: 'modes', init: 'fmov v8.8h, #0.5\n fmov v2.8h, #0.75\n fmov v3.8h, #-0.25\n fmov v4.8h, #0.75', body: 'fmul v4.8h, v8.8h, v2.h[0]\n fmla v4.8h, v8.8h, v3.h[1]\n fmla v4.8h, v4.8h, v8.h[2]\n fadd v4.8h, v4.8h, v8.8h' },
];

/** A kernel as a function of X0 rounds; `msr`: it sets FPCR itself. Its words run at any address. */
export const source = (k: Kernel, msr = true): string => {
  const [set, clear] = msr && k.fpcr ? [`mov x6, #${k.fpcr}\n msr fpcr, x6`, 'msr fpcr, xzr'] : ['', ''];
  return `movi v0.4s, #0\n movi v1.4s, #0\n mov x3, #0\n ${k.init ?? ''}\n ${set}\nloop:\n ${k.body}\n subs x0, x0, #1\n b.ne loop\n ${clear}\n ret\n`;
};
