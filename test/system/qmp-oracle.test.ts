// The same requests to QEMU and to us: replies, errors and events are equal. The requests are in test/fixtures/qmp.
import { readFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import t from 'tap';
import { hasQemu } from '../support/gdb.ts';

t.setTimeout(300_000);
const MACHINE = [
  '-M', 'virt,gic-version=3,its=off', '-cpu', 'cortex-a72', '-smp', '4,sockets=2,cores=2', '-m', '256', '-display', 'none', '-nic', 'none', '-serial', 'null', '-S', '-name', 'foo',
  '-uuid', '01234567-89ab-cdef-0123-456789abcdef', '-chardev', 'ringbuf,id=rb', '-qmp', 'stdio',
];
const { qmp, hmp } = JSON.parse(readFileSync(new URL('../fixtures/qmp/as-qemu.json', import.meta.url), 'utf8')) as { qmp: string[]; hmp: string[] };

type Message = Readonly<Record<string, unknown>>;

/** An emulator with a monitor on its standard streams. */
class Emulator {
  readonly child: ChildProcess;
  readonly #got: Message[] = [];
  #done: (() => void) | undefined;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, [...args, ...MACHINE], { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.QMP) return;
      if (message.id === 'mark') this.#done?.();
      else this.#got.push('event' in message ? { event: message.event, data: message.data } : message);
    });
  }

  /** Everything that a request brings: errors there may be several of, and events. A request behind it marks the end. */
  async ask(text: string): Promise<Message[]> {
    const done = new Promise<void>((resolve) => { this.#done = resolve; });
    this.child.stdin!.write(`${text}\n{"execute":"query-version","id":"mark"}\n`);
    await done;
    return this.#got.splice(0);
  }
}

t.test('QMP and HMP', { skip: !hasQemu() && 'qemu-system-aarch64 is not installed' }, async (t) => {
  const theirs = new Emulator('qemu-system-aarch64', []), ours = new Emulator(process.execPath, ['bin/mttcg.js']);
  t.teardown(() => { for (const { child } of [theirs, ours]) child.kill('SIGKILL'); });
  const requests = ['{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}', ...qmp, ...hmp.map((line) => JSON.stringify({ execute: 'human-monitor-command', arguments: { 'command-line': line } }))];
  for (const text of requests) {
    const [a, b] = await Promise.all([theirs.ask(text), ours.ask(text)]);
    t.same(b, a, text);
  }
});
