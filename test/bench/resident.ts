// Resident memory of an emulator's process, apart from the guest's RAM: read from /proc, so on Linux hosts only.
import { readdirSync, readFileSync } from 'node:fs';

export interface Resident {
  /** Bytes resident in the process and its children, without the guest's RAM. */
  readonly beyondGuest: number;
  /** Bytes of guest RAM that are resident: the pages the guest has touched. */
  readonly guest: number;
}

function children(pid: number): number[] {
  const list = readdirSync(`/proc/${pid}/task`).flatMap((t) => readFileSync(`/proc/${pid}/task/${t}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  return [pid, ...list.flatMap(children)];
}

/**
 * Sums `Rss` of all mappings. Guest RAM is the writable mapping of at least `ramBytes` (both emulators have it as one): the largest
 * resident one of those, because V8 reserves more address space than that for other things.
 */
export function resident(pid: number, ramBytes: number): Resident {
  let total = 0, guest = 0;
  for (const p of children(pid)) {
    let size = 0, writable = false;
    for (const line of readFileSync(`/proc/${p}/smaps`, 'utf8').split('\n')) {
      const map = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) /.exec(line);
      if (map) { size = parseInt(map[2], 16) - parseInt(map[1], 16); writable = map[3][1] === 'w'; continue; }
      const rss = /^Rss:\s+(\d+) kB/.exec(line);
      if (!rss) continue;
      const bytes = Number(rss[1]) * 1024;
      total += bytes;
      if (writable && size >= ramBytes) guest = Math.max(guest, bytes);
    }
  }
  return { beyondGuest: total - guest, guest };
}
