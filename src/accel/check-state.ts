// The state of a vCPU that both tiers must leave alike: taken, put back, compared, named.
import type { FieldSpec, StructLayout } from '../memory/layout/struct.ts';
import { CPUState } from '../memory/layout/cpu.ts';
import type { TargetCpu } from './target.ts';
import { ARCH_OFFSET, type Vcpu } from './vcpu.ts';

/** Fields of CPUState that generated code and helpers change. */
const COMMON = ['tb_flags', 'cs_base', 'exception_index', 'spin_word', 'spin_at', 'spin_tries', 'spin_limit', 'spin_waits'] as const;
/** Taken and put back with the rest, but not compared: results on their way, the exclusive monitor (which only the first run touches). */
const CARRIED = ['helper_ret', 'll_word', 'll_host', 'll_count'] as const;

interface Run { readonly at: number; readonly words: number; readonly kind: 'state' | 'lazy' | 'carried'; readonly name: string; readonly elem: number }

/** What a vCPU's state was. */
export interface Snapshot { readonly words: Int32Array; readonly lazy: number }
/** Words that changed, by index in a snapshot, and what they became. */
export type Changes = readonly (readonly [number, number])[];

/**
 * Every field of env that its owner alone writes (others may change meanwhile, whatever the tiers do), and the target's
 * carried fields. Its lazy fields count by what they stand for.
 */
export class CheckedState {
  readonly #target: TargetCpu;
  readonly #runs: Run[] = [];
  readonly #size: number;

  constructor(target: TargetCpu) {
    this.#target = target;
    const add = (layout: StructLayout, base: number, name: string, kind: Run['kind']) => {
      const f: FieldSpec = layout.fields[name], elem = layout.elem[name], bytes = elem * (f.count ?? 1);
      this.#runs.push({ at: base + layout.off[name] >>> 2, words: Math.max(1, bytes >>> 2), kind, name, elem: Math.max(1, elem >>> 2) });
    };
    const { env } = target;
    for (const [name, f] of Object.entries(env.fields)) {
      const carried = target.carriedFields?.includes(name);
      if ((f.order === 'seqcst' && !carried) || target.scratchFields?.includes(name)) continue;
      add(env, ARCH_OFFSET, name, carried ? 'carried' : target.lazyFields?.includes(name) ? 'lazy' : 'state');
    }
    for (const name of COMMON) add(CPUState, 0, name, 'state');
    for (const name of CARRIED) add(CPUState, 0, name, 'carried');
    this.#size = this.#runs.reduce((n, r) => n + r.words, 0);
  }

  /** `into`: words of a snapshot that is no longer needed. */
  take(cpu: Vcpu, into?: Int32Array): Snapshot {
    const words = into ?? new Int32Array(this.#size), { i32 } = cpu.machine, base = cpu.base >>> 2;
    let to = 0;
    for (const r of this.#runs) {
      for (let k = 0; k < r.words; k++) words[to++] = i32[base + r.at + k];
    }
    return { words, lazy: this.#target.lazyState?.(cpu) ?? 0 };
  }

  putBack(cpu: Vcpu, { words }: Snapshot): void {
    const { i32 } = cpu.machine, base = cpu.base >>> 2;
    let from = 0;
    for (const r of this.#runs) {
      for (let k = 0; k < r.words; k++) i32[base + r.at + k] = words[from++];
    }
  }

  /** What changed from one to the other. `restored`: without the fields that restoreState writes. */
  changes(before: Snapshot, after: Snapshot, restored: readonly string[] = []): Changes {
    const out: [number, number][] = [];
    let at = 0;
    for (const r of this.#runs) {
      for (let k = 0; k < r.words; k++, at++) if (before.words[at] !== after.words[at] && !restored.includes(r.name)) out.push([at, after.words[at]]);
    }
    return out;
  }
  apply(cpu: Vcpu, changes: Changes): void {
    const { i32 } = cpu.machine, base = cpu.base >>> 2;
    for (const [index, value] of changes) i32[base + this.#place(index)] = value;
  }
  #place(index: number): number {
    let n = index;
    for (const r of this.#runs) {
      if (n < r.words) return r.at + n;
      n -= r.words;
    }
    throw new RangeError(`no word ${index}`);
  }

  /** Names and values of what differs; empty when the two are the same to the guest. */
  differences(a: Snapshot, b: Snapshot): string[] {
    const out: string[] = [];
    let at = 0;
    for (const r of this.#runs) {
      if (r.kind === 'state') {
        for (let k = 0; k < r.words; k += r.elem) {
          const value = (s: Snapshot): bigint => {
            let v = 0n;
            for (let j = r.elem - 1; j >= 0; j--) v = v << 32n | BigInt(s.words[at + k + j] >>> 0);
            return v;
          };
          const x = value(a), y = value(b);
          if (x !== y) out.push(`${r.name}${r.words > r.elem ? `[${k / r.elem}]` : ''}: 0x${x.toString(16)}, 0x${y.toString(16)}`);
        }
      }
      at += r.words;
    }
    if (a.lazy !== b.lazy) out.push(`${this.#target.lazyName ?? 'flags'}: 0x${(a.lazy >>> 0).toString(16)}, 0x${(b.lazy >>> 0).toString(16)}`);
    return out;
  }
}
