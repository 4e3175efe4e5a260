// The terminal is raw while the console runs and is itself again on every way out; the keys do what QEMU's do.
import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('chardev-console.child.ts', import.meta.url));
const script = ['/usr/bin/script', '/bin/script'].find(existsSync);

/** Runs the child on a terminal of its own; types `keys` when the guest is ready. The screen ends with the settings before and after. */
function onTerminal(how: string, options: string, keys: string): Promise<{ screen: string; before: string; after: string; code: string }> {
  return new Promise((resolve, reject) => {
    const show = (name: string) => `echo "${name} $(stty -g)"`;
    const job = `${show('before')}; ${JSON.stringify(process.execPath)} ${JSON.stringify(child)} ${how} ${options}; echo "code $?"; ${show('after')}`;
    const p = spawn(script!, ['-qec', `trap : INT; ${job}`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let screen = '', typed = false;
    p.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      if (!typed && screen.includes('ready')) {
        typed = true;
        p.stdin.write(keys);
      }
    });
    p.on('error', reject);
    p.on('close', () => {
      screen = screen.replace(/\r+\n/g, '\n');
      const line = (name: string) => new RegExp(`^${name} (\\S+)$`, 'm').exec(screen)?.[1] ?? '';
      resolve({ screen, before: line('before'), after: line('after'), code: line('code') });
    });
  });
}

const restored = (t: Test, r: { before: string; after: string; screen: string }) => {
  t.not(r.before, '', r.screen);
  t.equal(r.after, r.before, 'terminal settings are back');
};

t.test('terminal', { skip: script ? false : 'script(1) is not installed' }, async (t) => {
  t.test('Ctrl-A x ends with code 0', async (t) => {
    const r = await onTerminal('run', '-nographic', '\x03a\x01\x01\x01b\x01x');
    restored(t, r);
    t.match(r.screen, '<3>\n<97>\n<1>\n[break]\nmttcg: Terminated\n', 'Ctrl-C and Ctrl-A go to the guest, nothing is echoed');
    t.equal(r.code, '0');
  });

  t.test('the guest ends the process', async (t) => {
    const r = await onTerminal('run', '-nographic', 'q');
    restored(t, r);
    t.equal(r.code, '7');
  });

  for (const [how, code] of [['exit', '3'], ['throw', '1'], ['SIGTERM', '0'], ['SIGHUP', '0'], ['SIGQUIT', '0']]) {
    t.test(how, async (t) => {
      const r = await onTerminal(how, '-nographic', '');
      restored(t, r);
      t.equal(r.code, code);
    });
  }

  t.test('Ctrl-C of a console without monitor', async (t) => {
    const r = await onTerminal('run', '-serial stdio -monitor none', 'a\x03');
    restored(t, r);
    t.match(r.screen, '<97>');
    t.match(r.screen, 'terminating on signal 2', 'it interrupts the emulator');
    t.equal(r.code, '0');
  });

  t.test('the monitor', async (t) => {
    const r = await onTerminal('run', '-serial mon:stdio', '\x01cinfo statuX\x7fs\rquit\r');
    restored(t, r);
    t.match(r.screen, "mttcg test monitor - type 'help' for more information\n(qemu) info statuX\b \bs\nVM status: running\n(qemu) quit\n");
    t.equal(r.code, '0');
  });
});
