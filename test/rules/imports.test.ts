// Imports point one way: each folder may import only what the table below allows, for the reason it gives.
import { dirname, posix } from 'node:path';
import t from 'tap';
import { read, sources, withoutComments } from './repository.ts';

/**
 * From → to → why. A key is a folder of src/, a file of src/ or a file in a folder (the most specific one counts), or
 * `workers`. `type:` in front of a target: only `import type`.
 */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'atomics-sync': {},
  'errors.ts': {},
  memory: {},
  tcg: { memory: 'offsets of the vCPU block, TLB entries and TB descriptors' },
  accel: {
    tcg: 'translates and encodes with it',
    memory: 'layouts',
    'atomics-sync': 'locks',
  },
  hw: {
    memory: 'declares its shared structures',
    'atomics-sync': 'locks',
    'type:chardev/backend.ts': 'the interface of the host end of a serial line',
  },
  target: {
    accel: 'implements the interface of a guest ISA',
    tcg: 'decoder and builder',
    memory: 'declares its env',
    'errors.ts': 'UserError of an unknown CPU model or property',
  },
  profile: { 'errors.ts': 'UserError of a file without symbols' },
  asm: {},
  stress: { asm: 'guests are assembled', 'errors.ts': 'UserError of the arguments of a sub-command' },
  'log.ts': { 'errors.ts': 'UserError of a log item, a log file' },
  chardev: {
    'log.ts': 'logging',
    'errors.ts': 'UserError of a port in use, a file that cannot be opened',
  },
  'trace.ts': { 'log.ts': 'where trace events are written' },
  qmp: {
    chardev: 'monitors are front ends of character devices; chardev-add', 'type:machine': 'what the commands act on',
    profile: 'text of the lock profile', 'log.ts': 'logging', 'errors.ts': 'UserErrors become error replies', 'trace.ts': 'trace-event-set-state',
  },
  monitor: {
    qmp: 'the QMP server and its commands', 'type:chardev': 'monitors are front ends of character devices', 'type:machine': 'what the commands act on', 'trace.ts': 'trace events',
    profile: 'table of the lock profile', 'log.ts': 'log, logfile', 'errors.ts': 'UserErrors are shown',
  },
  gdbstub: { 'type:chardev/backend.ts': 'the stub is the front end of a character device' },
  machine: {
    gdbstub: 'attaches the gdb stub',
    monitor: 'attaches the monitors', profile: 'symbols and reports',
    hw: 'builds the board', target: 'wires the guest ISA in', accel: 'engine', tcg: 'generates the interpreter once', memory: 'layouts',
    chardev: 'serial lines', stress: 'the embedded default guest', 'log.ts': 'logging', 'trace.ts': 'trace events',
    'errors.ts': 'UserError of a kernel, an initrd, a device tree',
  },
  cli: {
    machine: 'runs it', stress: 'sub-commands', chardev: 'grammar and life of character devices', 'log.ts': 'sets logging up',
    'errors.ts': 'UserError of the options', 'target/arm/cpu-models.ts': '-cpu help lists the models',
    'qmp/option-groups.ts': 'groups of configuration files', 'qmp/schema.ts': '-object has the schema of object-add', 'qmp/json.ts': 'and may be JSON', 'qmp/errors.ts': 'what the schema finds',
  },
  lib: {
    machine: 'creates and runs it', cli: 'options as on the command line', monitor: 'QMP', qmp: 'types, errors', chardev: 'the console', 'errors.ts': 'UserError', 'log.ts': 'logging',
    'target/arm/cpu-models.ts': 'the CPU models',
  },
  workers: { machine: 'what the thread runs', accel: 'the vCPU loop' },
};

/** Never, whatever the table says: hw and target meet in machine only; the core knows neither. */
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['hw', 'target'], ['target', 'hw'], ['accel', 'target'], ['accel', 'hw'], ['tcg', 'accel'], ['tcg', 'target'], ['memory', 'tcg'],
];

interface Edge { from: string; to: string; typeOnly: boolean }

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?([^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)|new URL\('(\.[^']+\.ts)'/g;

/** True when every name in `{ … }` is marked `type`. */
const allTypes = (clause: string | undefined): boolean => {
  const names = /^\{([^}]*)\}/.exec(clause?.trim() ?? '')?.[1];
  return names !== undefined && names.split(',').every((n) => n.trim() === '' || /^type\s/.test(n.trim()));
};

function edges(): Edge[] {
  const out: Edge[] = [];
  for (const from of sources()) {
    for (const [, type, clause, a, b, c] of withoutComments(read(from)).matchAll(IMPORT)) {
      const spec = a ?? b ?? c;
      const to = spec === '#atomics-sync' ? 'src/atomics-sync/index.ts' : spec.startsWith('.') ? posix.join(dirname(from), spec) : undefined;
      if (to) out.push({ from, to, typeOnly: type !== undefined || allTypes(clause) });
    }
  }
  return out;
}

/** `accel`, `log.ts`, `workers`. */
const area = (file: string): string => (file.startsWith('src/') ? file.split('/')[1] : file.split('/')[0]);
const inside = (file: string): string => file.replace(/^src\//, '');

/** The row of the table that allows an edge. */
function rowOf(e: Edge): string | undefined {
  const row = ALLOWED[area(e.from)] ?? {};
  return [inside(e.to), area(e.to)].flatMap((to) => (e.typeOnly ? [to, `type:${to}`] : [to])).find((key) => key in row);
}

const all = edges();
const across = all.filter((e) => area(e.from) !== area(e.to));

t.test('every import across folders is in the table', async (t) => {
  t.ok(all.length > 300, 'imports were found');
  t.same([...new Set(across.map((e) => area(e.from)))].filter((a) => !(a in ALLOWED)), [], 'every folder has a row');
  t.same(across.filter((e) => !rowOf(e)).map((e) => `${e.from} → ${e.to}${e.typeOnly ? ' (type)' : ''}`), []);
});

t.test('every row of the table is in use', async (t) => {
  const used = new Set(across.map((e) => `${area(e.from)} → ${rowOf(e)}`));
  const rows = Object.entries(ALLOWED).flatMap(([from, to]) => Object.keys(to).map((k) => `${from} → ${k}`));
  t.same(rows.filter((r) => !used.has(r)), [], 'what is no longer imported is no longer allowed');
});

t.test('what must never know each other', async (t) => {
  for (const [from, to] of FORBIDDEN) t.same(across.filter((e) => area(e.from) === from && area(e.to) === to), [], `${from} imports nothing of ${to}`);
});

t.test('values are imported without cycles between folders', async (t) => {
  // A cycle of values makes the order in which modules load decide what works.
  const next = new Map<string, Set<string>>();
  for (const e of across) if (!e.typeOnly) next.set(area(e.from), (next.get(area(e.from)) ?? new Set()).add(area(e.to)));
  const done = new Set<string>(), path: string[] = [];
  const visit = (a: string): void => {
    if (path.includes(a)) { t.fail(`cycle: ${[...path.slice(path.indexOf(a)), a].join(' → ')}`); return; }
    if (done.has(a)) return;
    path.push(a);
    for (const b of next.get(a) ?? []) visit(b);
    path.pop();
    done.add(a);
  };
  for (const a of next.keys()) visit(a);
  t.pass();
});
