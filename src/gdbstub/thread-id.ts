// Thread ids of the protocol: `p1.2` with the multiprocess extension, `2` without; vCPU n is thread n + 1 of process 1.

/** The only process. */
export const PID = 1;

/** One vCPU, every one (`-1`), or any (`0`). */
export type ThreadId = number | 'all' | 'any';

const HEX = '(-1|[0-9a-f]{1,8})';
const FORM = new RegExp(`^(?:p${HEX}(?:\\.${HEX})?|${HEX})$`, 'i');

/** Undefined: malformed, or there is no such thread. */
export function parseThreadId(text: string, cpus: number): ThreadId | undefined {
  const m = FORM.exec(text);
  if (!m) return undefined;
  const [, pid, tid, plain] = m;
  if (pid !== undefined && !['-1', '0'].includes(pid) && parseInt(pid, 16) !== PID) return undefined;
  const thread = plain ?? tid ?? '-1';
  if (thread === '-1') return 'all';
  const n = parseInt(thread, 16);
  if (n === 0) return 'any';
  return n <= cpus ? n - 1 : undefined;
}

const two = (n: number): string => n.toString(16).padStart(2, '0');

/** QEMU's spelling. */
export const formatThreadId = (cpu: number, multiprocess: boolean): string => (multiprocess ? `p${two(PID)}.${two(cpu + 1)}` : two(cpu + 1));
