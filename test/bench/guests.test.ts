// Benchmark guests compute what they say: checksums against node:crypto and zlib, on our emulator.
import { spawnSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { buildGuest } from './build.ts';
import { EMULATORS } from './emulators.ts';
import { runGuest } from './guest-run.ts';
import { PROGRAMS } from './programs.ts';

const M = (1n << 64n) - 1n;
/** `random64` of the guest (xorshift64*), a byte of each. */
function randomBytes(n: number): Buffer {
  let x = 0x0123456789abcdefn;
  return Buffer.from(Array.from({ length: n }, () => {
    x ^= x >> 12n;
    x ^= x << 25n & M;
    x ^= x >> 27n;
    return Number((x * 0x2545f4914f6cdd1dn & M) >> 33n & 0xffn);
  }));
}
/** `mix` of the guest. */
const mix = (h: bigint, v: bigint): bigint => { const m = (h ^ v) * 0x9e3779b97f4a7c15n & M; return m ^ m >> 29n; };
const hex = (v: bigint): string => v.toString(16).padStart(16, '0');

/** A program by the cryptographic instructions does what the one in plain C does. */
const aes = (): string => {
  const out = createCipheriv('aes-128-ctr', Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex'), Buffer.alloc(16)).update(randomBytes(16 << 10));
  let h = 0n;
  for (let at = 0; at < out.length; at += 16) h = mix(h, out.readBigUInt64LE(at));
  return hex(h);
};
const sha256 = (): string => createHash('sha256').update(randomBytes(64 << 10)).digest('hex').slice(0, 16);

/** GHASH's polynomial arithmetic, bit i of a block as the coefficient of x^i. */
const ghash = (): string => {
  const H = 0x884cfa59ca342b2e66e94bd4ef8a2c3bn, data = randomBytes(16 << 10), reversed = (b: number) => parseInt(b.toString(2).padStart(8, '0').split('').reverse().join(''), 2);
  let y = 0n;
  for (let at = 0; at < data.length; at += 16) {
    for (let i = 0; i < 16; i++) y ^= BigInt(reversed(data[at + i])) << BigInt(8 * i);
    let product = 0n;
    for (let i = 127n; i >= 0n; i--) {
      product <<= 1n;
      if (product >> 128n) product ^= 1n << 128n | 0x87n;
      if (H >> i & 1n) product ^= y;
    }
    y = product;
  }
  return hex(mix(y & M, y >> 64n));
};

const expected: Record<string, () => string> = {
  crc32: () => hex(BigInt(crc32(randomBytes(256 << 10)))),
  sha256, 'sha256-crypto': sha256, aes, 'aes-ctr': aes, ghash,
  'aes-cbc': () => hex(createCipheriv('aes-128-cbc', Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex'), Buffer.alloc(16)).update(randomBytes(16 << 10)).readBigUInt64LE((16 << 10) - 16)),
};

t.setTimeout(600_000);
const skip = spawnSync('aarch64-linux-gnu-gcc', ['--version']).status !== 0 && 'aarch64-linux-gnu-gcc is not installed';
for (const [name, sum] of Object.entries(expected)) {
  t.test(name, { skip }, async (t) => {
    const cpus = name === 'crc32' ? 2 : 1;
    const r = await runGuest(EMULATORS.mttcg, buildGuest(PROGRAMS.find((p) => p.name === name)!), cpus, { first: 50, settle: 0, measure: 50 });
    t.same(r.checksums, Array(cpus).fill(sum()));
    t.ok(r.rate > 0 && r.firstRate > 0);
  });
}
