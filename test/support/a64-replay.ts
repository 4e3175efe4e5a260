// Replays golden vectors of A64 instructions on the bench machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { A64Bench } from './a64-bench.ts';
import {
  CASE, CODE_PAGE, decodeFile, describeChanges, drawState, encodeChanges, END, MAX_WORDS, MEM, MEM_BYTES, rowFields, SLOT, type Vector, type VectorFile,
} from './a64-vectors.ts';
import type { GoldenGroup } from '../../scripts/golden/a64-classes.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { readNzcv, writeNzcv } from '../../src/target/arm/flags.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';

/** The vectors of a group. Error: ENOENT when the fixture was never made. */
export const loadVectors = (group: GoldenGroup): VectorFile =>
  decodeFile(new Uint8Array(gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/a64', `${group.name}.vec.gz`)))));

/** As in a Linux process: EL0, top bytes of branch targets ignored. */
const FLAGS = putFlag(TBFlag.TBII, 1) | putFlag(TBFlag.FP_DEFAULT, 1);

type Row = GoldenGroup['rows'][number];

export class A64Replay {
  readonly #bench: A64Bench;
  readonly #before = new DataView(new ArrayBuffer(CASE.size));
  readonly #after = new DataView(new ArrayBuffer(CASE.size));

  constructor(bench: A64Bench) {
    this.#bench = bench;
    bench.target.pages = [MEM, CODE_PAGE];
  }

  /** Writes a vector's code where it ran in the oracle. */
  loadCode(v: Vector): void {
    this.#bench.load(SLOT, Array.from({ length: MAX_WORDS }, (_, i) => v.words[i] ?? 0));
  }

  /** Runs the loaded code on the vector's starting state; undefined when all is as recorded, else what differs. */
  run(row: Row, v: Vector, group: GoldenGroup): { want: string; got: string } | undefined {
    drawState(this.#before, row, rowFields(row), v.words, v.seed, group);
    this.#load(group.vectors);
    const stop = this.#bench.run(SLOT);
    this.#save(group.vectors);
    const last = BigInt(SLOT + 4 * (v.words.length - 1));
    const end = stop.excp !== EXCP.UDEF ? END.FAULT : stop.pc === last ? END.UNDEFINED : END.NEXT;
    const changes = encodeChanges(this.#before, this.#after, group.vectors);
    if (end === v.end && stop.pc === v.pc && Buffer.compare(changes, v.changes) === 0) return undefined;
    return {
      want: `end ${v.end} pc ${v.pc.toString(16)} ${describeChanges(v.changes, group.vectors)}`,
      got: `end ${end} pc ${stop.pc.toString(16)} ${describeChanges(changes, group.vectors)}`,
    };
  }

  #copyIn(from: number, bytes: number, to: Uint8Array, at: number): void { to.set(new Uint8Array(this.#before.buffer, from, bytes), at); }
  #copyOut(from: Uint8Array, at: number, bytes: number, to: number): void { new Uint8Array(this.#after.buffer, to, bytes).set(from.subarray(at, at + bytes)); }

  #load(vectors: boolean): void {
    const { cpu, machine } = this.#bench, before = this.#before;
    this.#copyIn(CASE.x, 256, machine.u8, cpu.base + envOff.x);
    writeNzcv(cpu, before.getUint32(CASE.pstate, true));
    this.#copyIn(CASE.mem, MEM_BYTES, machine.ram8, MEM);
    cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
    cpu.st32(envOff.btype, 0);
    cpu.tbFlags = FLAGS;
    if (!vectors) return;
    this.#copyIn(CASE.v, 512, machine.u8, cpu.base + envOff.v);
    const fpcr = before.getUint32(CASE.fpcr, true);
    cpu.st32(envOff.fpcr, fpcr);
    cpu.st32(envOff.fpsr, before.getUint32(CASE.fpsr, true));
    if (fpcr) cpu.tbFlags = FLAGS & ~putFlag(TBFlag.FP_DEFAULT, 1);
  }
  #save(vectors: boolean): void {
    const { cpu, machine } = this.#bench;
    this.#copyOut(machine.u8, cpu.base + envOff.x, 256, CASE.x);
    this.#after.setUint32(CASE.pstate, readNzcv(cpu), true);
    this.#copyOut(machine.ram8, MEM, MEM_BYTES, CASE.mem);
    if (!vectors) return;
    this.#copyOut(machine.u8, cpu.base + envOff.v, 512, CASE.v);
    this.#after.setUint32(CASE.fpsr, cpu.ld32(envOff.fpsr), true);
  }
}

/** A vector in words, for failure messages. */
export const describeVector = (row: Row, v: Vector): string =>
  `${row.name} ${v.words.map((w) => (w >>> 0).toString(16).padStart(8, '0')).join(' ')} case ${v.seed}`;
