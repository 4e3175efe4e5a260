// Random A64 programs for comparing the tiers: blocks, loops, calls, jumps through registers, memory traffic of every kind.

/** Pseudo-random numbers of a seed (mulberry32). */
export class Draw {
  #s: number;
  constructor(seed: number) { this.#s = seed | 0; }
  next(): number {
    this.#s = this.#s + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#s ^ this.#s >>> 15, 1 | this.#s);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return (t ^ t >>> 14) >>> 0;
  }
  below(n: number): number { return this.next() % n; }
  of<T>(list: readonly T[]): T { return list[this.below(list.length)]; }
  u64(): bigint { return BigInt(this.next()) << 32n | BigInt(this.next()); }
}

/** Where things are. DATA: pages that may be unmapped, one of them with code on it (stores there are NOTDIRTY). */
export const CODE = 0x10000, SIDE = 0x24000, DATA = [0x20000, 0x21000, 0x22000, 0x23000, SIDE, 0x25000], DEVICE_PAGE = 0x80000;
/** Offset on the page SIDE where a small routine is: no store goes near it. */
export const SIDE_CODE = 0xf00;
/** Registers programs address memory by, with their values at the start. */
export const BASES: readonly (readonly [number, number])[] = [[20, 0x20400], [21, 0x21800], [22, 0x23000], [23, SIDE + 0x400], [19, DEVICE_PAGE]];
/** Back edges a run takes at most. */
export const BACK_EDGES = 24;

const COND = ['eq', 'ne', 'hs', 'lo', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
const r = (d: Draw, w = d.of(['w', 'x'])): string => `${w}${d.below(10)}`;

/** One instruction on registers. */
function alu(d: Draw): string {
  const w = d.of(['w', 'x']), R = () => r(d, w), top = w === 'x' ? 64 : 32, sh = () => `${d.of(['lsl', 'lsr', 'asr'])} #${d.below(top)}`;
  switch (d.below(14)) {
    case 0: return `${d.of(['add', 'sub', 'adds', 'subs', 'and', 'orr', 'eor', 'ands', 'bic', 'bics', 'orn', 'eon'])} ${R()}, ${R()}, ${R()}, ${sh()}`;
    case 1: return `${d.of(['add', 'sub', 'adds', 'subs'])} ${R()}, ${R()}, #${d.below(4096)}`;
    case 2: return `${d.of(['cmp', 'cmn', 'tst'])} ${R()}, ${R()}`;
    case 3: return `${d.of(['csel', 'csinc', 'csinv', 'csneg'])} ${R()}, ${R()}, ${R()}, ${d.of(COND)}`;
    case 4: return `${d.of(['adc', 'adcs', 'sbc', 'sbcs', 'lslv', 'lsrv', 'asrv', 'rorv', 'udiv', 'sdiv'])} ${R()}, ${R()}, ${R()}`;
    case 5: return `${d.of(['madd', 'msub'])} ${R()}, ${R()}, ${R()}, ${R()}`;
    case 6: return `${d.of(['ccmp', 'ccmn'])} ${R()}, ${d.of([R(), `#${d.below(32)}`])}, #${d.below(16)}, ${d.of(COND)}`;
    case 7: return `${d.of(['clz', 'cls', 'rbit', 'rev', 'rev16'])} ${R()}, ${R()}`;
    case 8: { const lsb = d.below(top); return `${d.of(['ubfx', 'sbfx', 'bfxil'])} ${R()}, ${R()}, #${lsb}, #${1 + d.below(top - lsb)}`; }
    case 9: return `extr ${R()}, ${R()}, ${R()}, #${d.below(top)}`;
    case 10: return `mov${d.of(['z', 'n', 'k'])} ${R()}, #${d.below(65536)}, lsl #${16 * d.below(top / 16)}`;
    case 11: return `${d.of(['umulh', 'smulh'])} ${r(d, 'x')}, ${r(d, 'x')}, ${r(d, 'x')}`;
    case 12: return `${d.of(['smull', 'umull'])} ${r(d, 'x')}, ${r(d, 'w')}, ${r(d, 'w')}`;
    default: return d.of([`add x${d.below(10)}, x${d.below(10)}, w${d.below(10)}, ${d.of(['uxtb', 'sxth', 'sxtw', 'uxtw'])}`, `mrs x${d.below(10)}, nzcv`, `fmov d${d.below(8)}, x${d.below(10)}`, `fmov x${d.below(10)}, d${d.below(8)}`]);
  }
}

/** One instruction on vector registers. */
function vector(d: Draw): string {
  const v = () => `v${d.below(8)}`, size = d.of(['16b', '8h', '4s', '2d']);
  switch (d.below(4)) {
    case 0: return `${d.of(['add', 'sub', 'cmeq', 'cmgt', 'cmhs'])} ${v()}.${size}, ${v()}.${size}, ${v()}.${size}`;
    case 1: return `${d.of(['and', 'orr', 'eor', 'bic'])} ${v()}.16b, ${v()}.16b, ${v()}.16b`;
    case 2: return `${d.of(['fadd', 'fsub', 'fmul', 'fmax'])} d${d.below(8)}, d${d.below(8)}, d${d.below(8)}`;
    default: return `dup ${v()}.2d, x${d.below(10)}`;
  }
}

/** One to four instructions that access memory. */
function memory(d: Draw): string[] {
  const base = `x${d.of(BASES.slice(0, 4))[0]}`, off = (size: number) => d.of([0, d.below(40) * size, d.below(512) - 256]);
  const simple = (): string => {
    const [op, size, w] = d.of([['ldr', 8, 'x'], ['str', 8, 'x'], ['ldr', 4, 'w'], ['str', 4, 'w'], ['ldrb', 1, 'w'], ['strb', 1, 'w'], ['ldrh', 2, 'w'], ['strh', 2, 'w'], ['ldrsw', 4, 'x'], ['ldrsb', 1, 'x'], ['ldrsh', 2, 'w'], ['ldr', 16, 'q'], ['str', 16, 'q'], ['ldr', 8, 'd'], ['str', 4, 's']] as const);
    const t = w === 'x' || w === 'w' ? r(d, w) : `${w}${d.below(8)}`;
    switch (d.below(8)) {
      case 0: return `${op} ${t}, [${base}], #${d.below(33) - 16}`;
      case 1: return `${op} ${t}, [${base}, #${d.below(33) - 16}]!`;
      case 2: return `and x10, x${d.below(10)}, #0x1ff\n ${op} ${t}, [${base}, x10]`;
      default: { const n = off(size), unscaled = n < 0 || n % size !== 0; return `${unscaled ? op.replace(/^(ld|st)r/, '$1ur') : op} ${t}, [${base}, #${n}]`; }
    }
  };
  switch (d.below(12)) {
    case 0: { const w = d.of(['x', 'w', 'q', 'd']), a = d.below(5), pick = (n: number) => `${w}${n}`; const step = w === 'q' ? 16 : w === 'w' ? 4 : 8; return [`${d.of(['ldp', 'stp'])} ${pick(a)}, ${pick(a + 1 + d.below(3))}, ${d.of([`[${base}, #${step * (d.below(16) - 8)}]`, `[${base}, #${step * (d.below(5) - 2)}]!`, `[${base}], #${step * (d.below(5) - 2)}`])}`]; }
    case 1: return [`and x10, x${d.below(10)}, #0x78`, `add x10, x10, ${base}`, `${d.of(['ldadd', 'ldset', 'ldclr', 'ldeor', 'swp', 'ldsmax', 'ldumin', 'cas'])}${d.of(['', 'a', 'l', 'al'])} ${d.of(['x', 'w']).replace(/(.)/, (w) => `${w}${d.below(10)}, ${w}${d.below(10)}`)}, [x10]`];
    case 2: return [`and x10, ${base}, #~15`, `ld${d.of(['', 'a'])}xr x${d.below(10)}, [x10]`, alu(d), `st${d.of(['', 'l'])}xr w11, x${d.below(10)}, [x10]`];
    case 3: return [`and x10, ${base}, #~7`, d.of([`ldar x${d.below(10)}, [x10]`, `stlr x${d.below(10)}, [x10]`, `ldarb w${d.below(10)}, [x10]`, `stlrh w${d.below(10)}, [x10]`])];
    case 4: return [d.of([`ldr w${d.below(10)}, [x19, #${4 * d.below(16)}]`, `str w${d.below(10)}, [x19, #${4 * d.below(16)}]`, `ldrb w${d.below(10)}, [x19, #${d.below(32)}]`])];
    case 5: { const [n, start] = d.of(BASES.slice(0, 4)); return [`mov x${n}, #${start & 0xffff}`, `movk x${n}, #${start >>> 16}, lsl #16`]; }
    default: return [simple()];
  }
}

/** Source text of the program of a seed; it ends at label `end`, an undefined instruction. */
export function program(seed: number): string {
  const d = new Draw(seed), blocks = 2 + d.below(7), routines = d.below(3), lines: string[] = [];
  const straight = (n: number) => { for (let k = 0; k < n; k++) lines.push(...(d.below(5) < 2 ? memory(d) : [d.below(6) ? alu(d) : vector(d)])); };
  const back = (to: string) => lines.push('subs x28, x28, #1', 'b.le end', to);
  for (let b = 0; b < blocks; b++) {
    lines.push(`blk${b}:`);
    straight(1 + d.below(7));
    const forward = () => (b + 1 < blocks ? `blk${b + 1 + d.below(blocks - b - 1)}` : 'end'), any = () => `blk${d.below(b + 1)}`;
    switch (d.below(9)) {
      case 0: lines.push(`b.${d.of(COND)} ${forward()}`); break;
      case 1: lines.push(`${d.of(['cbz', 'cbnz'])} ${r(d)}, ${forward()}`); break;
      case 2: lines.push(`${d.of(['tbz', 'tbnz'])} x${d.below(10)}, #${d.below(64)}, ${forward()}`); break;
      case 3: back(`b.${d.of(COND)} ${any()}`); break;
      case 4: back(`cbnz x${d.below(10)}, ${any()}`); break;
      case 5: back(`tbz w${d.below(10)}, #${d.below(32)}, ${any()}`); break;
      case 6: if (routines) lines.push(`bl fn${d.below(routines)}`); break;
      case 7: lines.push(`adr x10, ${forward()}`, `adr x11, ${forward()}`, `tst x${d.below(10)}, #${2 ** d.below(8)}`, 'csel x10, x10, x11, ne', 'br x10'); break;
      default: back(`b ${any()}`);
    }
  }
  lines.push('b end');
  for (let f = 0; f < routines; f++) {
    lines.push(`fn${f}:`);
    straight(1 + d.below(4));
    if (d.below(3) === 0) { lines.push(`cbz ${r(d)}, fn${f}r`); straight(2); }
    lines.push(`fn${f}r: ret`);
  }
  lines.push('end: .word 0');
  return lines.join('\n');
}
