// The bare-metal guests whose output on QEMU is kept as golden data, and how each is run.
import { decodeGuest } from './decode.ts';
import { exceptionGuest } from './exceptions.ts';
import { flashGuest } from './flash.ts';
import { MMU_MODELS, mmuGuest } from './mmu.ts';
import { semihostingGuest } from './semihosting.ts';
import { sysKey, sysregGuest } from './sysregs.ts';

export interface GoldenGuest {
  readonly name: string;
  /** CPU models to run it on. */
  readonly models: readonly string[];
  readonly cpus?: number;
  readonly semihosting?: boolean;
  /** What QEMU has to switch off, by model. */
  readonly without?: Readonly<Record<string, string>>;
  readonly image: (model: string) => Uint8Array;
}

/** Every encoding of MRS, MSR and SYS. */
export function allSysKeys(): number[] {
  const out: number[] = [];
  for (const op0 of [1, 2, 3]) for (let rest = 0; rest < 1 << 14; rest++) out.push((op0 << 14) | rest);
  return out;
}

const ICC_SIDE_EFFECTS = (k: number): boolean => ((k >> 7) & 15) === 12 && ((k >> 3) & 15) >= 8 && ((k >> 11) & 7) === 0;
/** SCTLR_EL1 turns the MMU on; the GIC has tests of its own; TVAL depends on time. */
const NO_MASK = new Set([sysKey(3, 0, 1, 0, 0), sysKey(3, 3, 14, 2, 0), sysKey(3, 3, 14, 3, 0)]);
/** Registers whose writable bits are worth knowing, of those that can be read and written. */
export const maskKeys = (readable: Iterable<number>, writable: ReadonlySet<number>): number[] =>
  [...readable].filter((k) => writable.has(k) && !NO_MASK.has(k) && !ICC_SIDE_EFFECTS(k)).sort((a, b) => a - b);

export const MODELS = ['cortex-a53', 'cortex-a57', 'cortex-a72', 'cortex-a76', 'neoverse-n1', 'max'] as const;

export const GUESTS: readonly GoldenGuest[] = [
  { name: 'sysregs', models: MODELS, image: () => sysregGuest(allSysKeys(), []) },
  { name: 'exceptions', models: ['cortex-a72', 'neoverse-n1', 'max'], image: exceptionGuest },
  { name: 'mmu', models: MMU_MODELS, image: (model) => mmuGuest(model, 1, 40) },
  { name: 'semihosting', models: ['cortex-a72'], semihosting: true, image: semihostingGuest },
  { name: 'flash', models: ['cortex-a72'], image: flashGuest },
  { name: 'decode', models: ['cortex-a72', 'max'], without: { max: 'sve=off,sme=off' }, image: decodeGuest },
];
