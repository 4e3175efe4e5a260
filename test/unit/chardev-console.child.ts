// A process with a console on standard streams and a guest that names each byte it gets; for chardev-terminal.test.ts.
import { NullBackend } from '../../src/chardev/backend.ts';
import { closeAllChardevs, openChardevs } from '../../src/chardev/open.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { MACHINES } from '../../src/cli/catalog.ts';
import type { Hmp } from '../../src/monitor/hmp.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { quitOnSignals } from '../../src/cli/signals.ts';

quitOnSignals();
const [how, ...argv] = process.argv.slice(2);
const catalog = { machines: MACHINES, cpuModels: [{ name: 'cortex-a57', description: '' }], exclusiveSchemes: ['cmpxchg'] };
const request = parseCommandLine(argv, catalog);
if (request.kind !== 'run') throw new Error('not a machine');

const quit = (code: number) => void closeAllChardevs().then(() => process.exit(code));
const hmp = {
  ended: false,
  execute: async (line: string) => {
    if (line === 'quit') {
      hmp.ended = true;
      quit(0);
    }
    return line === 'info status' ? 'VM status: running\n' : '';
  },
  remember: () => {},
};
const chardevs = await openChardevs(request.options, {
  quit: () => quit(0),
  monitor: (_spec, backend, muxed) => new Monitor(backend, hmp as unknown as Hmp, { product: 'mttcg test', muxed, terminal: false }),
});
const serial = chardevs.serial(0);
if (serial instanceof NullBackend) throw new Error('no serial port');
const say = (text: string) => serial.write(Buffer.from(text));
serial.attach({
  canReceive: () => 16,
  receive: (bytes) => {
    for (const byte of bytes) say(`<${byte}>\n`);
    if (bytes.includes(0x71)) quit(7);
  },
  event: (event) => say(`[${event}]\n`),
  drained: () => {},
});

const ends: Record<string, () => void> = {
  run: () => {},
  exit: () => process.exit(3),
  throw: () => { throw new Error('expected by the test'); },
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  SIGHUP: () => process.kill(process.pid, 'SIGHUP'),
  SIGQUIT: () => process.kill(process.pid, 'SIGQUIT'),
};
say('ready\n');
// a machine's threads keep its process alive
setInterval(() => {}, 60_000);
setTimeout(ends[how], how === 'run' ? 0 : 20);
