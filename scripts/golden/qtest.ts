// Talks to QEMU's qtest server: raw register and memory accesses on a machine whose vCPUs never run.
import { spawn } from 'node:child_process';

export const QEMU = process.env['QEMU_SYSTEM_AARCH64'] ?? 'qemu-system-aarch64';

/**
 * Runs `commands` (qtest protocol: "readl ADDR", "writel ADDR VALUE" …) on `-M virt` with `args`; answers in order.
 * Rejects when QEMU ends early, answers anything but OK, or takes longer than 60 s.
 */
export function runQtest(args: readonly string[], commands: readonly string[]): Promise<bigint[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(QEMU, [
      ...args, '-S', '-qtest', 'stdio', '-qtest-log', '/dev/null', '-display', 'none', '-serial', 'null', '-monitor', 'none',
    ], { stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000 });
    const answers: bigint[] = [];
    let pending = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('OK')) return reject(new Error(`qtest: ${line}`));
        answers.push(BigInt(line.split(' ')[1] ?? 0));
      }
      if (answers.length === commands.length) {
        resolve(answers);
        child.kill();
      }
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${QEMU} ended after ${answers.length} of ${commands.length} answers`)));
    child.stdin.write(`${commands.join('\n')}\n`);
  });
}
