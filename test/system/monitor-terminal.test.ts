// The human monitor on a terminal: completion, history, editing; and beside the console behind Ctrl-A c.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import t from 'tap';

const script = ['/usr/bin/script', '/bin/script'].find(existsSync);
t.setTimeout(120_000);

/** Runs the emulator on a terminal of its own; types `first` at once, each step when its text has come. Resolves to the screen. */
function onTerminal(args: readonly string[], first: string, steps: readonly (readonly [after: RegExp, keys: string])[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const job = [process.execPath, 'bin/mttcg.js', ...args].map((a) => JSON.stringify(a)).join(' ');
    const p = spawn(script!, ['-qec', job, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm' } });
    p.stdin.write(first);
    let screen = '', seen = 0, step = 0;
    p.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      for (let m; step < steps.length && (m = steps[step][0].exec(screen.slice(seen))); step++) {
        seen += m.index + m[0].length;
        p.stdin.write(steps[step][1]);
      }
    });
    p.on('error', reject);
    p.on('close', (code) => resolve(`${screen}\nexit ${code}`));
  });
}

const MACHINE = ['-M', 'virt', '-m', '64', '-S', '-display', 'none'];
const UP = '\x1b[A', HOME = '\x1b[H', DELETE = '\x1b[3~';

t.test('a monitor on the terminal', { skip: script ? false : 'script(1) is not installed' }, async (t) => {
  const screen = await onTerminal([...MACHINE, '-serial', 'null', '-monitor', 'stdio'], '', [
    [/\(qemu\) /, 'info sta\t'], [/info status/, '\r'], [/VM status: paused \(prelaunch\)[^]*\(qemu\) /, 'p 1+2\r'],
    [/0x3\r+\n[^]*\(qemu\) /, UP], [/p 1\+2/, UP], [/info status/, '\r'], [/VM status: paused \(prelaunch\)[^]*\(qemu\) /, 'XXp/d 6*7'], [/XXp\/d 6\*7/, `${HOME}${DELETE}${DELETE}\r`],
    [/\n42\r+\n[^]*\(qemu\) /, 'info ve\t'], [/info version/, '\x15quit\r'],
  ]);
  t.match(screen, /exit 0$/, screen);
});

t.test('beside the console', { skip: script ? false : 'script(1) is not installed' }, async (t) => {
  const screen = await onTerminal([...MACHINE, '-serial', 'mon:stdio'], '\x01c', [[/monitor - type 'help'[^]*\(qemu\) /, 'info chardev\r'], [/serial0: filename=mux[^]*\(qemu\) /, '\x01c\x01h'], [/C-a x {4}exit emulator/, '\x01x']]);
  t.match(screen, /exit 0$/, screen);
});
