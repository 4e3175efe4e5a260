// Turns a test's threads into guest code: a loop over instances around each thread's instructions.
import { AsmError, assemble } from '../../asm/index.ts';
import { locationsOf, Names } from './condition.ts';
import { LitmusError } from './error.ts';
import { MAP, SYNC_ALONE, SYNC_CAP, SYNC_LINE, SYNC_PATIENCE } from './monitor.ts';
import type { CodeLine, LitmusTest, Location } from './types.ts';

/**
 * A thread's record of one instance, SP points to it while the instance runs:
 *   0  u32 number of the instance, -1: the end      4  u32 SYNC_BIT: wait for the others first; turns of the delay loop
 *                                                   before it starts: low 15 bits after waiting, next 15 when it came last
 *   16 registers to load (8 bytes each), then registers observed (8 bytes each)
 */
export const RECORD = { INDEX: 0, CONTROL: 4, INPUTS: 16 } as const;
export const SYNC_BIT = 31;
export const LAST_SHIFT = 15;

export interface ThreadProgram {
  readonly entry: number;
  readonly code: Uint8Array;
  /** Bytes of a record. */
  readonly recordSize: number;
  /** Registers loaded from the record, and where in it. */
  readonly inputs: ReadonlyMap<number, number>;
  /** Registers stored to the record, and where. */
  readonly outputs: ReadonlyMap<number, number>;
  /** Addresses of the labels. */
  readonly labels: ReadonlyMap<string, number>;
  /** Line of the .litmus file of the instruction at an address; 0 when it is the runner's. */
  lineOf(address: number): number;
}

/** Assembles every thread at `at` and above. Errors: LitmusError with the instruction's line. */
export function compile(test: LitmusTest, at: number, finished: number): { threads: ThreadProgram[]; end: number } {
  const seen = observed(test), threads: ThreadProgram[] = [];
  for (let t = 0; t < test.threads.length; t++) {
    const p = compileThread(test, t, at, finished, seen);
    at = p.entry + p.code.length;
    threads.push(p);
  }
  for (const r of test.registers) {
    const { value } = r;
    if (value.kind === 'label' && !threads[value.thread].labels.has(value.label)) throw new LitmusError(0, `thread P${value.thread} has no label '${value.label}'`);
  }
  return { threads, end: at };
}

/** Every location the condition, the filter and `locations` name, once each. */
export function observed(test: LitmusTest): Location[] {
  const names = new Names(test), out = new Map<string, Location>();
  for (const l of [...locationsOf(test.prop), ...test.locations, ...(test.filter ? locationsOf(test.filter) : [])]) out.set(names.key(l), l);
  return [...out.values()];
}

function compileThread(test: LitmusTest, t: number, at: number, finished: number, seen: readonly Location[]): ThreadProgram {
  const body = test.threads[t];
  body.forEach(checkCell);
  const text = body.map((l) => l.text).join('\n');
  const outputRegs = [...new Set(seen.flatMap((l) => (l.kind === 'reg' && l.thread === t ? [l.reg] : [])))].sort((a, b) => a - b);
  const inits = test.registers.filter((r) => r.thread === t);
  const inputs = new Map<number, number>(), outputs = new Map<number, number>();
  let size: number = RECORD.INPUTS;
  for (const r of inits) if (r.value.kind !== 'int' || r.value.value !== 0n) { inputs.set(r.reg, size); size += 8; }
  for (const r of outputRegs) { outputs.set(r, size); size += 8; }
  size = (size + 15) & ~15;
  const used = new Set([...text.matchAll(/\b[XW](\d+)\b/gi)].map((m) => Number(m[1])).concat(outputRegs));
  const vectors = new Set([...text.matchAll(/\b[BHSDQV](\d+)\b/gi)].map((m) => Number(m[1])));

  const before = [
    'lm$entry: ldr x0, =lm$sync_words',
    'lm$next: ldp w1, w2, [sp]',
    `str w1, [x0, #${t * SYNC_LINE}]`,
    `tbz w2, #${SYNC_BIT}, lm$start`,
    `ldr w4, [x0, #${t * SYNC_LINE + SYNC_PATIENCE}]`, 'mov w6, #0',
    ...others(test.threads.length, t).flatMap((u) => [
      `add x3, x0, #${u * SYNC_LINE}`,
      `lm$poll${u}: ldar w5, [x3]`, 'cmp w5, w1', 'b.ge lm$met' + u, 'add w6, w6, #1', 'cmp w6, w4', `b.lt lm$poll${u}`, `lm$met${u}:`,
    ]),
    'cbz w6, lm$last',
    // In vain: less patience next time, as the partner has no core now. Met: all of it again.
    'cmp w6, w4', `ldr w5, [x0, #${SYNC_CAP}]`, 'b.lt lm$patience',
    `cmp w4, #${SYNC_ALONE}`, 'b.le lm$start', 'lsr w5, w4, #2',
    `lm$patience: str w5, [x0, #${t * SYNC_LINE + SYNC_PATIENCE}]`, 'b lm$start',
    `lm$last: lsr w2, w2, #${LAST_SHIFT}`,
    `lm$start: and w2, w2, #${(1 << LAST_SHIFT) - 1}`,
    'lm$delay: subs w2, w2, #1', 'b.ge lm$delay',
    ...[...inputs].map(([r, o]) => `ldr x${r}, [sp, #${o}]`),
    ...[...used].filter((r) => r <= 30 && !inputs.has(r)).map((r) => `mov x${r}, #0`),
    ...[...vectors].filter((r) => r <= 31).map((r) => `movi v${r}.2d, #0`),
    ...(/\b(b\.?(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)|cs|cc|adc|sbc|ngc|mrs)/i.test(text) ? ['msr nzcv, xzr'] : []),
    ...(/\bst\w*x[rp]/i.test(text) ? ['clrex'] : []),
  ];
  const after = [
    ...[...outputs].map(([r, o]) => `str x${r}, [sp, #${o}]`),
    `add sp, sp, #${size}`,
    'ldr w1, [sp]', 'ldr x0, =lm$sync_words', 'cmn w1, #1', 'b.ne lm$next',
    'mov w1, #0x7fffffff', `str w1, [x0, #${t * SYNC_LINE}]`,
    'ldr x1, =lm$finished', 'br x1',
  ];
  const lines = [`.equ lm$sync_words, ${MAP.SYNC}`, `.equ lm$finished, ${finished}`, ...before];
  const first = lines.length;
  const source = [...lines, ...body.map((l) => l.text), ...after].join('\n');
  let base = (at + 63) & ~63;
  for (;;) {
    const { code, symbols, lines: listing } = build(source, base, first, body);
    // A loop on one page can become one region.
    if (code.length <= 4096 && (base & ~4095) !== ((base + code.length - 1) & ~4095)) { base = (base + 4095) & ~4095; continue; }
    const labels = new Map([...symbols].filter(([k]) => !k.startsWith('lm$')).map(([k, v]) => [k, Number(v)] as const));
    const lineOf = (address: number): number => {
      const entry = listing?.find((l) => Number(l.address) === address);
      return (entry && body[entry.line - 1 - first]?.line) ?? 0;
    };
    return { entry: base, code, recordSize: size, inputs, outputs, labels, lineOf };
  }
}

const others = (count: number, t: number): number[] => Array.from({ length: count }, (_, u) => u).filter((u) => u !== t);

/** One instruction, perhaps with labels in front: directives and assignments are not for tests, SP belongs to the runner. */
function checkCell({ text, line }: CodeLine): void {
  const rest = text.replace(/^(?:[A-Za-z_]\w*\s*:\s*)+/, '');
  if (/^lm\$/.test(text)) throw new LitmusError(line, `the label in '${text}' is the runner's own`);
  if (rest === '') return;
  if (!/^[A-Za-z][\w.]*(?:\s+[^=\s]|$)/.test(rest) || /\s\.req\b/i.test(rest) || /^[A-Za-z][\w.]*\s*=/.test(rest)) throw new LitmusError(line, `'${text}' is no instruction`);
  if (/\b(?:sp|wsp)\b/i.test(rest)) throw new LitmusError(line, `'${text}' uses the stack pointer, which the runner needs`);
}

function build(source: string, base: number, first: number, body: readonly CodeLine[]) {
  try {
    return assemble(source, { base, lines: true });
  } catch (e) {
    if (!(e instanceof AsmError)) throw e;
    const at = body[e.line - 1 - first];
    throw at ? new LitmusError(at.line, `${e.detail} in '${at.text}'`) : e;
  }
}
