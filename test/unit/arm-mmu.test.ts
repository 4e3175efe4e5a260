// Random translation regimes, each granule: what AT, loads, stores, atomics and fetches at EL1 and EL0 give, as QEMU has it.
import t from 'tap';
import { compareWithQemu } from '../support/golden-guest.ts';

const SH = 0x180n, OUTER = 0x100n, MARK = 0x800n;

/** PAR_EL1 of memory that is not cacheable has outer shareability (Arm ARM, PAR_EL1.SH); QEMU 7.2 shows the descriptor's. */
function parShareability(text: string): string {
  const par = BigInt(`0x${text}`), attributes = par >> 56n;
  const uncached = (par & 1n) === 0n && (par & MARK) !== 0n && (attributes < 0x10n || attributes === 0x44n);
  return uncached ? ((par & ~SH) | OUTER).toString(16).padStart(16, '0') : text;
}

const EXTERNAL_ABORT = '96000010:', READ_ONLY = /^960000(4[d-f]):/;

/** An atomic on a read-only page with no memory behind it is a permission fault: QEMU 7.2 reads before it asks whether it may write. */
function atomicPermission(words: string[]): string[] {
  const [str, ldadd] = [words.findIndex((w) => w.includes(':') || w === '-') + 1, words.length - 3];
  return words.map((w, n) => (n === ldadd && w.startsWith(EXTERNAL_ABORT) && READ_ONLY.test(words[str]) ? words[str] : w));
}

compareWithQemu(t, 'mmu', (line) => {
  const words = line.split(' ').map((w, n) => (n > 0 && /^[0-9a-f]{16}$/.test(w) ? parShareability(w) : w));
  return atomicPermission(words).join(' ');
});
