// Which threads of the host run the vCPUs.
import { readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';

/**
 * Thread id of each vCPU, found by the names that the threads have; where the host does not tell (or the machine does not
 * run yet) the process's own id. `nameOf`: name of the thread of a vCPU.
 */
export function threadIds(cpus: number, nameOf: ((cpu: number) => string) | undefined): number[] {
  const byName = new Map<string, number>();
  try {
    for (const tid of readdirSync(TASKS)) {
      try {
        byName.set(readFileSync(`${TASKS}/${tid}/comm`, 'utf8').trimEnd(), Number(tid));
      } catch {
        // the thread has just ended
      }
    }
  } catch {
    // not Linux
  }
  // The kernel keeps 15 characters.
  return Array.from({ length: cpus }, (_, n) => (nameOf && byName.get(nameOf(n).slice(0, 15))) ?? process.pid);
}
