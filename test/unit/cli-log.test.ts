// The -d log: items, ranges, one file written by several threads as whole lines; the plain form of the emulator's own log.
import t from 'tap';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  CPU_LOG_EXEC, CPU_LOG_INT, LOG_ITEMS, LOG_PER_THREAD, LOG_UNIMP, parseLogItems, plainLine, qemuLog, qemuLogInAddrRange, qemuLogMask, setLogItems, configureLog, openLog,
  type LogOptions,
} from '../../src/log.ts';

const dir = t.testdir({ old: 'old contents' });

function startLog(options: LogOptions) {
  const config = configureLog(options);
  openLog();
  return config;
}

t.test('items', async (t) => {
  t.equal(new Set(LOG_ITEMS.map((i) => i.mask)).size, LOG_ITEMS.length, 'no bit twice');
  t.equal(parseLogItems('int,exec'), CPU_LOG_INT | CPU_LOG_EXEC);
  t.equal(parseLogItems('all') & LOG_PER_THREAD, 0);
  const file = join(dir, 'old');
  startLog({ items: CPU_LOG_INT, file, dfilter: [] });
  t.equal(qemuLogMask(CPU_LOG_INT), true);
  t.equal(qemuLogMask(CPU_LOG_EXEC, () => { throw new Error('called while off'); }), false);
  qemuLogMask(CPU_LOG_INT | LOG_UNIMP, 'one');
  qemuLogMask(CPU_LOG_INT, () => 'two\n');
  setLogItems(LOG_UNIMP);
  qemuLogMask(CPU_LOG_INT, 'not this');
  qemuLog('three\nfour');
  t.equal(readFileSync(file, 'utf8'), 'one\ntwo\nthree\nfour\n');
});

t.test('address filter', async (t) => {
  startLog({ items: 0, file: undefined, dfilter: [] });
  t.equal(qemuLogInAddrRange(0), true, 'no filter lets everything through');
  startLog({ items: 0, file: undefined, dfilter: [{ first: 0x1000n, last: 0x1fffn }, { first: 2n ** 64n - 4096n, last: 2n ** 64n - 1n }] });
  t.equal(qemuLogInAddrRange(0x1000), true);
  t.equal(qemuLogInAddrRange(0x1fffn), true);
  t.equal(qemuLogInAddrRange(0x2000), false);
  t.equal(qemuLogInAddrRange(-1n), true, 'addresses are unsigned');
});

t.test('file names', async (t) => {
  const pid = join(dir, 'a-%d.log');
  startLog({ items: CPU_LOG_INT, file: pid, dfilter: [] });
  t.ok(existsSync(pid.replace('%d', `${process.pid}`)));
  for (const [file, items, message] of [
    ['/nonexistent/x', CPU_LOG_INT, /Error opening logfile \/nonexistent\/x: No such file or directory/],
    ['%d-%d', CPU_LOG_INT, /Bad logfile template/], ['%s', CPU_LOG_INT, /Bad logfile template/], ['x', LOG_PER_THREAD, /needs a log file name with '%d'/],
  ] as const) {
    t.throws(() => startLog({ items, file, dfilter: [] }), { code: 'log-file', message });
  }
});

t.test('threads write whole lines to one file, and see a change of items', async (t) => {
  const file = join(dir, 'shared');
  const config = startLog({ items: CPU_LOG_INT, file, dfilter: [] });
  const url = new URL('../../src/log.ts', import.meta.url).href;
  const code = `import { workerData, parentPort } from 'node:worker_threads';
    const { joinLog, qemuLogMask } = await import(${JSON.stringify(url)});
    joinLog(workerData.config);
    for (let i = 0; i < 300; i++) qemuLogMask(${CPU_LOG_INT}, workerData.letter.repeat(200));
    parentPort.once('message', () => parentPort.postMessage(qemuLogMask(${CPU_LOG_INT})));
    parentPort.postMessage('done');`;
  const workers = ['a', 'b', 'c'].map((letter) => new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: { config, letter } }));
  const answer = (w: Worker) => new Promise((resolve, reject) => w.once('message', resolve).once('error', reject));
  await Promise.all(workers.map(answer));
  setLogItems(0);
  const seen = Promise.all(workers.map(answer));
  for (const w of workers) w.postMessage('look');
  t.same(await seen, [false, false, false]);
  await Promise.all(workers.map((w) => w.terminate()));
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  t.equal(lines.length, 900);
  t.ok(lines.every((line) => /^(a{200}|b{200}|c{200})$/.test(line)));
});

t.test('plain lines', async (t) => {
  t.equal(plainLine('{"level":40,"time":1,"msg":"slow","id":"serial0","n":3}'), 'mttcg: warning: slow id=serial0 n=3\n');
  t.equal(plainLine('{"level":30,"time":1,"msg":"ready"}'), 'mttcg: ready\n');
  t.match(plainLine('{"level":50,"err":{"stack":"Error: x\\n at y"},"msg":"x"}'), /^mttcg: error: x\nError: x\n at y\n$/);
});
