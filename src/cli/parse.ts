// The command line as a whole: options collected by the table's names, then turned into MachineOptions.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseLogItems, parseRanges } from '../log.ts';
import type { LogRange } from '../log.ts';
import { MAX_MUX } from '../chardev/spec.ts';
import type { ChardevOptions, ChardevSpec, MonitorSpec } from '../chardev/spec.ts';
import { GICV2_MAX_CPUS } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { parseChardev, parseDevice, type DeviceArg } from './chardev-args.ts';
import { configText, readConfig, type ConfigOption } from './config-file.ts';
import { UserError } from '../errors.ts';
import { listing } from './help.ts';
import { parseAccel, parseCpu, parseMachine, parseMemory } from './machine-args.ts';
import { parseNuma } from './numa-args.ts';
import { parseObject } from './object-args.ts';
import { findOption, IMPLEMENTED } from './option-table.ts';
import type { OptionName } from './option-table.ts';
import type { BootSources, MachineOptions, RtcOptions, SemihostingOptions } from '../machine/options.ts';
import { parseInteger, QemuOpts, splitCommas } from './qemu-opts.ts';
import { parseSmp } from './smp.ts';

/** What the command line asks for. */
export type CliRequest =
  | { readonly kind: 'run'; readonly options: MachineOptions; readonly warnings: readonly string[] }
  /** Print and end with code 0: -help, -version, lists. */
  | { readonly kind: 'print'; readonly text: string };

/** Arguments of each option, in the order given; an option without argument appears as ''. */
type Collected = { readonly [K in OptionName]: readonly string[] };

/** vCPUs of the embedded guest when -smp does not say; its CPU, which has the LSE atomics it shows. */
const DEFAULT_GUEST_CPUS = 4;
const DEFAULT_GUEST_CPU = 'max';
/** Id of the chardev that -gdb makes. */
const GDB_CHARDEV = 'gdb';
const HELP_WORDS = ['help', '?'];

/** Splits argv into options. UserErrors `unknown-option`, `missing-argument`, `not-available`. */
function collect(argv: readonly string[], origins: ConfigOption[]): Collected {
  const found: Partial<Record<OptionName, string[]>> = {};
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (!word.startsWith('-') || word === '-') {
      throw new UserError('unknown-option', `${word}: disk images are not available yet`, 'options begin with a dash');
    }
    const name = word.slice(word.startsWith('--') ? 2 : 1), equals = name.indexOf('=');
    const withValue = equals > 0 ? findOption(name.slice(0, equals)) : undefined, row = withValue?.value === undefined ? findOption(name) : withValue;
    if (!row) throw new UserError('unknown-option', `${word}: invalid option`, "'-help' lists the options");
    if (row.name === 'incoming' && argv.some((w) => /^--?preconfig$/.test(w))) throw new UserError('bad-parameter', "'preconfig' and 'incoming' options are mutually exclusive");
    if (!row.implemented) throw new UserError('not-available', `${word}: this option of QEMU is not available yet`);
    if (row.arg !== undefined && i + 1 >= argv.length) throw new UserError('missing-argument', `${word}: requires an argument`, `${row.name} ${row.arg}`);
    const text = row === withValue ? name.slice(equals + 1) : row.arg === undefined ? '' : argv[++i];
    if (row === withValue && text === '') throw new UserError('missing-argument', `${word}: the file name is missing`, `--${row.name} alone prints the report`);
    (found[row.name as OptionName] ??= []).push(text);
    // Its options count from here on, as if they were typed.
    if (row.name !== 'readconfig') continue;
    for (const o of readConfig(text)) {
      (found[o.option as OptionName] ??= []).push(o.text);
      origins.push(o);
    }
  }
  return Object.fromEntries(IMPLEMENTED.map(({ name }) => [name, found[name] ?? []])) as unknown as Collected;
}

const lastOf = (values: readonly string[]): string | undefined => values.at(-1);

/** A request for a list (`-cpu help`), which wins over anything else that was typed. */
function findListing(given: Collected, catalog: Catalog): string | undefined {
  for (const name of ['help', 'version'] as const) if (given[name].length > 0) return listing(name, catalog);
  for (const name of ['machine', 'cpu', 'accel', 'd', 'chardev', 'display', 'object'] as const) {
    for (const text of given[name]) {
      const words = splitCommas(text);
      if (HELP_WORDS.includes(words[0])) return listing(name, catalog);
      if (name === 'machine' && words.some((w) => HELP_WORDS.includes(w))) return listing('machine-properties', catalog);
    }
  }
  return undefined;
}

/**
 * Parses the command line (without program name). All that can be known is checked here: the files it names can be read,
 * references resolve, limits of the machine hold. Every mistake is a UserError.
 */
export function parseCommandLine(argv: readonly string[], catalog: Catalog): CliRequest {
  const origins: ConfigOption[] = [];
  try {
    return parseCollected(collect(argv, origins), catalog);
  } catch (error) {
    // What a configuration file says is wrong there.
    const from = error instanceof UserError ? origins.find((o) => error.message.startsWith(`-${o.option} ${o.text}: `)) : undefined;
    if (!from) throw error;
    const { code, message, hint } = error as UserError;
    throw new UserError(code, from.where + message.slice(`-${from.option} ${from.text}`.length), hint);
  }
}

function parseCollected(typed: Collected, catalog: Catalog): CliRequest {
  const text = findListing(typed, catalog);
  if (text !== undefined) return { kind: 'print', text };

  const warnings: string[] = [];
  const { machine, named, virt, accel, files, options: nested } = parseMachine(typed.machine, catalog);
  const given: Collected = { ...typed, ...Object.fromEntries(Object.entries(nested).map(([key, texts]) => [key, [...typed[key as keyof typeof nested], ...texts]])) };
  if (given.daemonize.length > 0 && given.nographic.length > 0) throw new UserError('bad-parameter', '-nographic cannot be used with -daemonize');
  const boot = parseBoot(given, files, named);
  const smp = parseSmp(given.smp, machine, boot.defaultGuest ? DEFAULT_GUEST_CPUS : 1);
  if (virt.gicVersion === 2 && smp.maxcpus > GICV2_MAX_CPUS) {
    throw new UserError('bad-smp', `Number of SMP CPUs requested (${smp.maxcpus}) exceeds max CPUs supported by gic-version=2 (${GICV2_MAX_CPUS})`, 'use gic-version=3');
  }
  checkDisplay(given);
  checkBootOrder(given);
  checkNetwork(given);
  const chardev = parseCharacterDevices(given);
  if (chardev.serials.length > machine.maxSerials) {
    warnings.push(`machine '${machine.name}' has ${machine.maxSerials} serial port: the other -serial options are not connected`);
  }
  const options: MachineOptions = {
    machine: 'virt', virt,
    cpu: parseCpu(lastOf(given.cpu) ?? (boot.defaultGuest && catalog.cpuModels.some((m) => m.name === DEFAULT_GUEST_CPU) ? DEFAULT_GUEST_CPU : machine.defaultCpu), catalog),
    smp,
    memory: parseMemory(given.m, machine, virt.highmem),
    objects: parseObjects(given.object),
    numa: given.numa.map(parseNuma),
    accel: parseAccel([...given.accel, ...(given['one-insn-per-tb'].length > 0 ? ['tcg,one-insn-per-tb=on'] : [])], accel, catalog),
    boot,
    nographic: isNographic(given),
    nodefaults: given.nodefaults.length > 0,
    ...parseActions(given),
    startPaused: given.S.length > 0,
    preconfig: given.preconfig.length > 0,
    daemonize: given.daemonize.length > 0,
    writeConfig: given.writeconfig.map((path) => ({ path, text: configText(given) })),
    ...parseName(given),
    uuid: parseUuid(given),
    semihosting: parseSemihosting(given, chardev),
    rtc: parseRtc(given), seed: parseSeed(given), log: parseLog(given),
    pidfile: lastOf(given.pidfile),
    profile: given.profile.length > 0 ? { file: lastOf(given.profile) || undefined } : undefined,
    profileLocks: given['profile-locks'].length > 0 ? { file: lastOf(given['profile-locks']) || undefined } : undefined,
    symbols: given.symbols,
    ...chardev,
  };
  return { kind: 'run', options, warnings };
}

/** -object, each id once. */
function parseObjects(texts: readonly string[]): MachineOptions['objects'] {
  const objects = texts.map((text) => parseObject(text));
  objects.forEach((o, i) => {
    if (objects.findIndex((other) => other.id === o.id) < i) throw new UserError('duplicate-id', `${o.where}: Duplicate ID '${o.id}' for object`);
  });
  return objects;
}

// --- boot files ----------------------------------------------------------------------------------------------------

function parseBoot(given: Collected, files: ReturnType<typeof parseMachine>['files'], machineNamed: boolean): BootSources {
  const kernel = lastOf(given.kernel) ?? files.kernel;
  const initrd = lastOf(given.initrd) ?? files.initrd;
  const append = lastOf(given.append) ?? files.append;
  const dtb = lastOf(given.dtb) ?? files.dtb;
  const firmware = lastOf(given.bios) ?? files.firmware;
  if (kernel === undefined) {
    if (append !== undefined) throw new UserError('no-kernel', '-append only allowed with -kernel option');
    if (initrd !== undefined) throw new UserError('no-kernel', '-initrd only allowed with -kernel option');
  }
  const bios = firmware === undefined ? undefined : findFirmware(firmware, given.L);
  for (const [what, path] of Object.entries({ kernel, initrd, dtb, bios })) if (path !== undefined) checkReadable(what, path);
  return { kernel, initrd, append, dtb, bios, defaultGuest: !machineNamed && kernel === undefined && bios === undefined };
}

/** As given, or in one of the -L directories. */
function findFirmware(name: string, directories: readonly string[]): string {
  return [name, ...directories.map((dir) => join(dir, name))].find(existsSync) ?? name;
}

const WHY: Readonly<Record<string, string>> = { ENOENT: 'no such file', ENOTDIR: 'no such file', EACCES: 'permission denied', ELOOP: 'too many symbolic links', ENAMETOOLONG: 'the name is too long' };

function checkReadable(what: string, path: string): void {
  const fail = (why: string) => new UserError(`${what}-missing`, `could not load ${what} '${path}': ${why}`);
  try {
    if (statSync(path).isDirectory()) throw fail('it is a directory');
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw fail(WHY[code ?? ''] ?? message);
  }
}

// --- displays, network, boot order: what is accepted without effect ------------------------------------------------

/** Without a display of its own, the console is where the user is. */
function isNographic(given: Collected): boolean {
  return given.nographic.length > 0 || (given.display.length === 0 && given.daemonize.length === 0);
}

function checkDisplay(given: Collected): void {
  for (const text of given.display) {
    const [type] = splitCommas(text);
    if (type !== 'none') throw new UserError('not-available', `-display ${text}: display type '${type}' is not available`, 'use -display none or -nographic');
  }
}

function checkNetwork(given: Collected): void {
  for (const option of ['nic', 'net'] as const) {
    for (const text of given[option]) {
      if (text !== 'none') throw new UserError('not-available', `-${option} ${text}: network devices are not available yet`, `use -${option} none`);
    }
  }
}

function checkBootOrder(given: Collected): void {
  for (const text of given.boot) {
    const opts = new QemuOpts('-boot', text, 'order');
    for (const key of ['order', 'once']) {
      const bad = /[^a-p]/.exec(opts.string(key) ?? '');
      if (bad) throw opts.error(`Invalid boot device '${bad[0]}'`);
    }
    for (const key of ['menu', 'strict']) opts.bool(key);
    for (const key of ['splash-time', 'reboot-timeout']) opts.integer(key);
    opts.string('splash');
    opts.finish(true);
  }
}

// --- character devices ---------------------------------------------------------------------------------------------

function parseCharacterDevices(given: Collected): ChardevOptions {
  const chardevs = new Map<string, ChardevSpec>();
  const serials: (string | null)[] = [];
  const monitors: MonitorSpec[] = [];
  const uses: { id: string; where: string }[] = [];
  const add = (spec: ChardevSpec) => {
    if (chardevs.has(spec.id)) throw new UserError('duplicate-id', `${spec.option}: Duplicate ID '${spec.id}' for chardev`);
    if (spec.backend === 'stdio' && [...chardevs.values()].some((c) => c.backend === 'stdio')) {
      throw new UserError('stdio-in-use', `${spec.option}: cannot use stdio by multiple character devices`, 'share it with mon:stdio, or with -chardev stdio,mux=on');
    }
    chardevs.set(spec.id, spec);
  };
  const addMonitor = (chardev: string, where: string, mode: MonitorSpec['mode'] = 'readline', pretty = false) => {
    monitors.push({ chardev, mode, pretty });
    uses.push({ id: chardev, where });
  };
  /** The id behind a -serial or -monitor argument, null for none. */
  const device = (option: string, text: string, id: string): string | null => {
    const arg = parseDevice(option, text, id);
    if (arg.kind === 'none') return null;
    if (arg.kind === 'ref') return arg.id;
    add(arg.spec);
    if (arg.monitor) addMonitor(id, arg.spec.option);
    return id;
  };

  for (const text of given.chardev) add(parseChardev(text));
  const defaults = given.nodefaults.length === 0;
  const defaultSerial = defaults && given.serial.length === 0;
  const defaultMonitor = defaults && given.monitor.length === 0 && given.mon.length === 0 && given.qmp.length === 0 && given['qmp-pretty'].length === 0 && !given.serial.some((s) => s.startsWith('mon:'));
  const console = isNographic(given);
  const serialArgs = [...given.serial];
  if (defaultSerial) serialArgs.push(!console ? 'null' : defaultMonitor ? 'mon:stdio' : 'stdio');
  serialArgs.forEach((text, i) => {
    const id = device('-serial', text, `serial${i}`);
    if (id !== null) uses.push({ id, where: `-serial ${text}` });
    serials.push(id);
  });
  const monitorArgs = [...given.monitor];
  if (defaultMonitor && !defaultSerial && console) monitorArgs.push('stdio');
  // All monitors that have a device of their own are numbered together, as in QEMU.
  let compat = 0;
  for (const [option, texts, mode, pretty] of [['-monitor', monitorArgs, 'readline', false], ['-qmp', given.qmp, 'control', false], ['-qmp-pretty', given['qmp-pretty'], 'control', true]] as const) {
    for (const text of texts) {
      const id = device(option, text, `compat_monitor${compat}`);
      if (id === null) continue;
      compat++;
      addMonitor(id, `${option} ${text}`, mode, pretty);
    }
  }
  for (const text of given.mon) {
    const opts = new QemuOpts('-mon', text, 'chardev', ['pretty']);
    const id = opts.string('chardev');
    if (id === undefined) throw opts.error("Parameter 'chardev' is missing");
    const mode = opts.choice('mode', ['readline', 'control']) ?? 'readline';
    const pretty = opts.bool('pretty');
    if (mode === 'readline' && pretty !== undefined) throw opts.error("'pretty' is not compatible with HMP monitors");
    opts.finish();
    addMonitor(id, `-mon ${text}`, mode, pretty ?? false);
  }
  const gdbText = lastOf(given.gdb) ?? (given.s.length > 0 ? 'tcp::1234' : 'none');
  const gdb = device('-gdb', gdbSocket(gdbText), GDB_CHARDEV) ?? undefined;
  if (gdb !== undefined) uses.push({ id: gdb, where: `-gdb ${gdbText}` });

  for (const { id, where } of uses) {
    const spec = chardevs.get(id);
    if (!spec) throw new UserError('no-chardev', `${where}: chardev "${id}" not found`);
    const users = uses.filter((u) => u.id === id).length;
    if (users > 1 && !spec.mux) throw new UserError('chardev-in-use', `${where}: chardev '${id}' is already in use`, 'mux=on lets several devices share it');
    if (users > MAX_MUX) throw new UserError('chardev-in-use', `${where}: too many uses of multiplexed chardev '${id}' (maximum is ${MAX_MUX})`);
  }
  return { chardevs: [...chardevs.values()], serials, monitors, gdb, escapeChar: parseEscape(given) };
}

/** A TCP port of the gdb stub is always a server that nobody waits for; without a host, on this machine only. */
const gdbSocket = (text: string): string =>
  (text.startsWith('tcp:') ? `${text.replace(/^tcp::/, 'tcp:127.0.0.1:')},server=on,wait=off,nodelay=on` : text);

/** The argument of -gdb, for the monitor's gdbserver. UserErrors. */
export const parseGdb = (text: string): DeviceArg => parseDevice('-gdb', gdbSocket(text), GDB_CHARDEV);

function parseEscape(given: Collected): number {
  const text = lastOf(given.echr);
  if (text === undefined) return 1;
  const value = parseInteger(text) ?? (text.length === 1 ? text.charCodeAt(0) : undefined);
  if (value === undefined || value > 255) throw new UserError('bad-parameter', `-echr ${text}: the escape character is one character or its code`);
  return value;
}

// --- the rest ------------------------------------------------------------------------------------------------------

const WATCHDOG_ACTIONS = ['reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none', 'inject-nmi'] as const;

function parseActions(given: Collected): Pick<MachineOptions, 'onReboot' | 'onShutdown' | 'onPanic' | 'onWatchdog'> {
  let onReboot: MachineOptions['onReboot'] = 'reset', onShutdown: MachineOptions['onShutdown'] = 'poweroff';
  let onPanic: MachineOptions['onPanic'] = 'shutdown', onWatchdog: MachineOptions['onWatchdog'] = 'reset';
  for (const text of given.action) {
    const opts = new QemuOpts('-action', text);
    onReboot = opts.choice('reboot', ['reset', 'shutdown']) ?? onReboot;
    onShutdown = opts.choice('shutdown', ['poweroff', 'pause']) ?? onShutdown;
    onPanic = opts.choice('panic', ['pause', 'shutdown', 'exit-failure', 'none']) ?? onPanic;
    onWatchdog = opts.choice('watchdog', WATCHDOG_ACTIONS) ?? onWatchdog;
    opts.finish();
  }
  for (const text of given['watchdog-action']) onWatchdog = new QemuOpts('-watchdog-action', `watchdog=${text}`).choice('watchdog', WATCHDOG_ACTIONS) ?? onWatchdog;
  if (given['no-reboot'].length > 0) onReboot = 'shutdown';
  if (given['no-shutdown'].length > 0) onShutdown = 'pause';
  return { onReboot, onShutdown, onPanic, onWatchdog };
}

function parseName(given: Collected): Pick<MachineOptions, 'name' | 'processName'> {
  let name: string | undefined, processName: string | undefined;
  for (const text of given.name) {
    const opts = new QemuOpts('-name', text, 'guest');
    name = opts.string('guest') ?? name;
    processName = opts.string('process') ?? processName;
    opts.bool('debug-threads');
    opts.finish();
  }
  return { name, processName };
}

function parseUuid(given: Collected): string | undefined {
  const uuid = lastOf(given.uuid);
  if (uuid !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new UserError('bad-parameter', `-uuid ${uuid}: failed to parse UUID string: wrong format`, 'it looks like 01234567-89ab-cdef-0123-456789abcdef');
  }
  return uuid?.toLowerCase();
}

function parseSeed(given: Collected): bigint | undefined {
  const text = lastOf(given.seed);
  if (text === undefined) return undefined;
  const seed = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : -1n;
  if (seed < 0n || seed >= 2n ** 64n) throw new UserError('bad-parameter', `-seed ${text}: Invalid seed number: ${text}`);
  return seed;
}

function parseRtc(given: Collected): RtcOptions {
  let base: RtcOptions['base'] = 'utc', clock: RtcOptions['clock'] = 'host';
  for (const text of given.rtc) {
    const opts = new QemuOpts('-rtc', text);
    const date = opts.string('base');
    if (date === 'utc' || date === 'localtime') base = date;
    else if (date !== undefined) {
      const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/.test(date) ? Date.parse(date.length === 10 ? date : `${date}Z`) : NaN;
      if (Number.isNaN(ms)) throw opts.error(`invalid datetime format '${date}'`, 'bad-parameter', "valid formats: '2006-06-17T16:01:21' or '2006-06-17'");
      base = ms;
    }
    clock = opts.choice('clock', ['host', 'rt', 'vm']) ?? clock;
    opts.choice('driftfix', ['none', 'slew']);
    opts.finish();
  }
  return { base, clock };
}

function parseSemihosting(given: Collected, { chardevs }: ChardevOptions): SemihostingOptions | undefined {
  let config: SemihostingOptions | undefined = given.semihosting.length > 0
    ? { enable: true, target: 'auto' } : undefined;
  for (const text of given['semihosting-config']) {
    const opts = new QemuOpts('-semihosting-config', text, 'enable');
    const target = opts.choice('target', ['native', 'gdb', 'auto']) ?? 'auto';
    if (target === 'gdb') throw new UserError('not-available', `-semihosting-config ${text}: target=gdb is not available yet`, 'use target=native');
    const chardev = opts.string('chardev');
    if (chardev !== undefined && !chardevs.some((c) => c.id === chardev)) throw new UserError('no-chardev', `-semihosting-config ${text}: chardev "${chardev}" not found`);
    const refuse = (what: string) => new UserError('not-available', `-semihosting-config ${text}: ${what} is not available yet`);
    if (chardev !== undefined) throw refuse('a console on a chardev');
    if (opts.bool('userspace')) throw refuse('semihosting from EL0');
    if (opts.strings('arg').length > 0) throw refuse('a command line for the guest program');
    config = { enable: opts.bool('enable') ?? true, target };
    opts.finish();
  }
  return config?.enable ? config : undefined;
}

function parseLog(given: Collected): MachineOptions['log'] {
  const items = given.d.reduce((mask, text) => mask | parseLogItems(text), 0);
  const dfilter: LogRange[] = given.dfilter.flatMap(parseRanges);
  return { items, file: lastOf(given.D), dfilter };
}
