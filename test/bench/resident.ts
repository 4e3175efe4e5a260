// Resident memory of an emulator's process, apart from the guest's RAM: read from /proc, so on Linux hosts only.
import { readdirSync, readFileSync } from 'node:fs';

export interface Resident {
  /** Bytes resident in the process and its children, without the guest's RAM. */
  readonly beyondGuest: number;
  /** Bytes of guest RAM that are resident: the pages the guest has touched. */
  readonly guest: number;
  /** What beyondGuest is made of, by kind of mapping; the kinds are those of our own process. */
  readonly kinds: Readonly<Record<Kind, number>>;
}

const KINDS = ['program', 'heaps', 'malloc', 'images', 'state', 'code'] as const;
/**
 * `program`: mapped files. `malloc`: glibc's arenas. `images`: private mappings of 12 MiB or more, such as kernel, initrd and archive of
 * translations. `state`: the large shared memory that is not guest RAM. `code`: what V8 generates. `heaps`: the rest, V8's pages
 * and the threads' stacks.
 */
export type Kind = (typeof KINDS)[number];

interface Mapping { readonly from: number; readonly to: number; readonly rights: string; readonly file: string; rss: number }

const MiB = 2 ** 20, ARENA = 64 * MiB;

function children(pid: number): number[] {
  const list = readdirSync(`/proc/${pid}/task`).flatMap((t) => readFileSync(`/proc/${pid}/task/${t}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  return [pid, ...list.flatMap(children)];
}

function mappings(pid: number): Mapping[] {
  const list: Mapping[] = [];
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const map = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+\s*(.*)$/.exec(line);
    if (map) list.push({ from: parseInt(map[1], 16), to: parseInt(map[2], 16), rights: map[3], file: map[4], rss: 0 });
    const rss = /^Rss:\s+(\d+) kB/.exec(line);
    if (rss) list.at(-1)!.rss = Number(rss[1]) * 1024;
  }
  return list;
}

/** glibc reserves 64 MiB for each arena, at a multiple of that, and makes what it uses writable. */
const inArena = (m: Mapping, all: readonly Mapping[]): boolean => {
  const base = Math.floor(m.from / ARENA) * ARENA;
  return all.some((x) => x.from === base && x.rights === 'rw-p') && all.some((x) => x.from > base && x.from < base + ARENA && x.to >= base + ARENA && x.rights === '---p');
};

function kindOf(m: Mapping, all: readonly Mapping[]): Kind {
  if (m.file.startsWith('/')) return 'program';
  if (m.rights[2] === 'x') return 'code';
  if (m.file === '[heap]' || inArena(m, all)) return 'malloc';
  if (m.to - m.from >= 128 * MiB) return 'state';
  return m.to - m.from >= 12 * MiB ? 'images' : 'heaps';
}

/**
 * Sums `Rss` of all mappings. Guest RAM is the writable mapping of at least `ramBytes` (both emulators have it as one): the largest
 * resident one of those, because V8 reserves more address space than that for other things.
 */
export function resident(pid: number, ramBytes: number): Resident {
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>, processes = children(pid).map(mappings);
  const ram = processes.flat().filter((m) => m.rights[1] === 'w' && m.to - m.from >= ramBytes).sort((a, b) => b.rss - a.rss)[0];
  for (const all of processes) for (const m of all) if (m !== ram && m.rss > 0) kinds[kindOf(m, all)] += m.rss;
  return { beyondGuest: Object.values(kinds).reduce((sum, bytes) => sum + bytes, 0), guest: ram?.rss ?? 0, kinds };
}
