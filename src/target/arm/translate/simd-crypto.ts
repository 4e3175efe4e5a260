// Cryptographic instructions: AES, SHA-1, SHA-256 (PMULL is with the three-register group).
import { fpInsn, type Row, type S } from './fp-common.ts';
import { callVec } from './simd-common.ts';

interface Regs { rm: number; rn: number; rd: number }
type Has = (s: S) => boolean;
const aes: Has = (s) => s.feat.aes, sha1: Has = (s) => s.feat.sha1, sha256: Has = (s) => s.feat.sha256;

/** Operands are named by register field, in the helper's order. */
const call = (name: string, has: Has, ...operands: readonly (keyof Regs)[]) => (s: S, a: Regs): boolean =>
  has(s) && fpInsn(s, () => callVec(s, name, undefined, s.g.v[a.rd], ...operands.map((r) => s.g.v[a[r]])));

const two = (name: string, head: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `${head} 00 10100 ${opcode} 10 rn:5 rd:5`, trans });
const three = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `01011110 00 0 rm:5 0 ${opcode} 00 rn:5 rd:5`, trans });
const AES = '01001110', SHA = '01011110';

export const simdCryptoRows: Row[] = [
  two('AESE', AES, '00100', call('aese', aes, 'rd', 'rn')), two('AESD', AES, '00101', call('aesd', aes, 'rd', 'rn')),
  two('AESMC', AES, '00110', call('aesmc', aes, 'rn')), two('AESIMC', AES, '00111', call('aesimc', aes, 'rn')),
  three('SHA1C', '000', call('sha1c', sha1, 'rd', 'rn', 'rm')), three('SHA1P', '001', call('sha1p', sha1, 'rd', 'rn', 'rm')),
  three('SHA1M', '010', call('sha1m', sha1, 'rd', 'rn', 'rm')), three('SHA1SU0', '011', call('sha1su0', sha1, 'rd', 'rn', 'rm')),
  three('SHA256H', '100', call('sha256h', sha256, 'rd', 'rn', 'rm')), three('SHA256H2', '101', call('sha256h2', sha256, 'rd', 'rn', 'rm')),
  three('SHA256SU1', '110', call('sha256su1', sha256, 'rd', 'rn', 'rm')),
  two('SHA1H', SHA, '00000', call('sha1h', sha1, 'rn')), two('SHA1SU1', SHA, '00001', call('sha1su1', sha1, 'rd', 'rn')),
  two('SHA256SU0', SHA, '00010', call('sha256su0', sha256, 'rd', 'rn')),
];
