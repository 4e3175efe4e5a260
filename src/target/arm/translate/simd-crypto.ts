// Cryptographic instructions: AES, SHA-1, SHA-2, SHA-3, SM3, SM4 (PMULL is with the three-register group).
import type { Temp } from '../../../tcg/types.ts';
import { andcVec, orVec, shliVec, shriVec, xorVec } from '../../../tcg/vec-gen.ts';
import { fpInsn, type Row, type S } from './fp-common.ts';
import { callVec, dupElement } from './simd-common.ts';

interface Regs { rm: number; rn: number; rd: number; ra: number }
type Has = (s: S) => boolean;
const aes: Has = (s) => s.feat.aes, sha1: Has = (s) => s.feat.sha1, sha256: Has = (s) => s.feat.sha256;
const sha512: Has = (s) => s.feat.sha512, sha3: Has = (s) => s.feat.sha3, sm3: Has = (s) => s.feat.sm3, sm4: Has = (s) => s.feat.sm4;

/** Operands are named by register field, in the helper's order. */
const call = (name: string, has: Has, ...operands: readonly (keyof Regs)[]) => (s: S, a: Regs): boolean =>
  has(s) && fpInsn(s, () => callVec(s, name, undefined, s.g.v[a.rd], ...operands.map((r) => s.g.v[a[r]])));

/** SM3TT1A … SM3TT2B: the helper takes the message word in every lane. */
const sm3tt = (name: string) => (s: S, a: Regs & { index: number }): boolean =>
  sm3(s) && fpInsn(s, () => callVec(s, name, undefined, s.g.v[a.rd], s.g.v[a.rd], s.g.v[a.rn], dupElement(s, a.rm, 2, a.index)));

/** SHA-3: logic on whole registers; d is written last. */
const logic = (body: (s: S, d: Temp, n: Temp, m: Temp, a: Regs & { imm: number }) => void) => (s: S, a: Regs & { imm: number }): boolean =>
  sha3(s) && fpInsn(s, () => body(s, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm], a));
/** Doublewords rotated right by 0 … 63. */
function rotateRight(s: S, d: Temp, x: Temp, count: number): void {
  if (!count) return s.tcg.mov(d, x);
  const low = s.tcg.vec(), high = s.tcg.vec();
  shriVec(s.tcg, 3, low, x, count);
  shliVec(s.tcg, 3, high, x, 64 - count);
  orVec(s.tcg, d, low, high);
}
const eor3 = logic((s, d, n, m, a) => {
  const t = s.tcg.vec();
  xorVec(s.tcg, t, n, m);
  xorVec(s.tcg, d, t, s.g.v[a.ra]);
});
const bcax = logic((s, d, n, m, a) => {
  const t = s.tcg.vec();
  andcVec(s.tcg, t, m, s.g.v[a.ra]);
  xorVec(s.tcg, d, t, n);
});
const rax1 = logic((s, d, n, m) => {
  const t = s.tcg.vec();
  rotateRight(s, t, m, 63);
  xorVec(s.tcg, d, t, n);
});
const xar = logic((s, d, n, m, a) => {
  const t = s.tcg.vec();
  xorVec(s.tcg, t, n, m);
  rotateRight(s, d, t, a.imm);
});

const two = (name: string, head: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `${head} 00 10100 ${opcode} 10 rn:5 rd:5`, trans });
const three = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `01011110 00 0 rm:5 0 ${opcode} 00 rn:5 rd:5`, trans });
const AES = '01001110', SHA = '01011110';
const four = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `11001110 ${opcode} rm:5 0 ra:5 rn:5 rd:5`, trans });
/** The three-register forms of SHA-512 and SM. */
const new3 = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `11001110 011 rm:5 ${opcode} rn:5 rd:5`, trans });
const new2 = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `11001110 110 00000 ${opcode} rn:5 rd:5`, trans });
const tt = (name: string, opcode: string): Row => ({ name, pattern: `11001110 010 rm:5 10 index:2 ${opcode} rn:5 rd:5`, trans: sm3tt(name.toLowerCase()) });

export const simdCryptoRows: Row[] = [
  two('AESE', AES, '00100', call('aese', aes, 'rd', 'rn')), two('AESD', AES, '00101', call('aesd', aes, 'rd', 'rn')),
  two('AESMC', AES, '00110', call('aesmc', aes, 'rn')), two('AESIMC', AES, '00111', call('aesimc', aes, 'rn')),
  three('SHA1C', '000', call('sha1c', sha1, 'rd', 'rn', 'rm')), three('SHA1P', '001', call('sha1p', sha1, 'rd', 'rn', 'rm')),
  three('SHA1M', '010', call('sha1m', sha1, 'rd', 'rn', 'rm')), three('SHA1SU0', '011', call('sha1su0', sha1, 'rd', 'rn', 'rm')),
  three('SHA256H', '100', call('sha256h', sha256, 'rd', 'rn', 'rm')), three('SHA256H2', '101', call('sha256h2', sha256, 'rd', 'rn', 'rm')),
  three('SHA256SU1', '110', call('sha256su1', sha256, 'rd', 'rn', 'rm')),
  two('SHA1H', SHA, '00000', call('sha1h', sha1, 'rn')), two('SHA1SU1', SHA, '00001', call('sha1su1', sha1, 'rd', 'rn')),
  two('SHA256SU0', SHA, '00010', call('sha256su0', sha256, 'rd', 'rn')),
  new3('SHA512H', '100000', call('sha512h', sha512, 'rd', 'rn', 'rm')), new3('SHA512H2', '100001', call('sha512h2', sha512, 'rd', 'rn', 'rm')),
  new3('SHA512SU1', '100010', call('sha512su1', sha512, 'rd', 'rn', 'rm')), new2('SHA512SU0', '100000', call('sha512su0', sha512, 'rd', 'rn')),
  four('EOR3', '000', eor3), four('BCAX', '001', bcax), new3('RAX1', '100011', rax1),
  { name: 'XAR', pattern: '11001110 100 rm:5 imm:6 rn:5 rd:5', trans: xar },
  four('SM3SS1', '010', call('sm3ss1', sm3, 'rn', 'rm', 'ra')), tt('SM3TT1A', '00'), tt('SM3TT1B', '01'), tt('SM3TT2A', '10'), tt('SM3TT2B', '11'),
  new3('SM3PARTW1', '110000', call('sm3partw1', sm3, 'rd', 'rn', 'rm')), new3('SM3PARTW2', '110001', call('sm3partw2', sm3, 'rd', 'rn', 'rm')),
  new3('SM4EKEY', '110010', call('sm4ekey', sm4, 'rn', 'rm')), new2('SM4E', '100001', call('sm4e', sm4, 'rd', 'rn')),
];
