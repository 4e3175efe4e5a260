// Logs: QEMU's `-d` items, written by any thread as whole lines, and the emulator's own structured log (pino, to standard error).
import { closeSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { isMainThread, threadId } from 'node:worker_threads';
import type { Logger } from 'pino';
import { UserError, systemMessage } from './errors.ts';

// --- QEMU log items ------------------------------------------------------------------------------------------------

export const CPU_LOG_TB_OUT_ASM = 1 << 0;
export const CPU_LOG_TB_IN_ASM = 1 << 1;
export const CPU_LOG_TB_OP = 1 << 2;
export const CPU_LOG_TB_OP_OPT = 1 << 3;
export const CPU_LOG_INT = 1 << 4;
export const CPU_LOG_EXEC = 1 << 5;
export const CPU_LOG_TB_CPU = 1 << 8;
export const CPU_LOG_RESET = 1 << 9;
export const LOG_UNIMP = 1 << 10;
export const LOG_GUEST_ERROR = 1 << 11;
export const CPU_LOG_MMU = 1 << 12;
export const CPU_LOG_TB_NOCHAIN = 1 << 13;
export const CPU_LOG_PAGE = 1 << 14;
export const CPU_LOG_TB_FPU = 1 << 17;
export const LOG_PER_THREAD = 1 << 20;

/** The items of `-d`: name, bit, line of `-d help`. */
export const LOG_ITEMS = [
  { name: 'out_asm', mask: CPU_LOG_TB_OUT_ASM, help: 'show generated host code for each compiled TB' },
  { name: 'in_asm', mask: CPU_LOG_TB_IN_ASM, help: 'show target assembly code for each compiled TB' },
  { name: 'op', mask: CPU_LOG_TB_OP, help: 'show micro ops for each compiled TB' },
  { name: 'op_opt', mask: CPU_LOG_TB_OP_OPT, help: 'show micro ops after optimization' },
  { name: 'int', mask: CPU_LOG_INT, help: 'show interrupts/exceptions in short format' },
  { name: 'exec', mask: CPU_LOG_EXEC, help: 'show trace before each executed TB (lots of logs)' },
  { name: 'cpu', mask: CPU_LOG_TB_CPU, help: 'show CPU registers before entering a TB (lots of logs)' },
  { name: 'fpu', mask: CPU_LOG_TB_FPU, help: "include FPU registers in the 'cpu' logging" },
  { name: 'mmu', mask: CPU_LOG_MMU, help: 'log MMU-related activities' },
  { name: 'cpu_reset', mask: CPU_LOG_RESET, help: 'show CPU state before CPU resets' },
  { name: 'unimp', mask: LOG_UNIMP, help: 'log unimplemented functionality' },
  { name: 'guest_errors', mask: LOG_GUEST_ERROR, help: 'log when the guest OS does something invalid' },
  { name: 'page', mask: CPU_LOG_PAGE, help: 'dump pages at beginning of user mode emulation (no effect here)' },
  { name: 'nochain', mask: CPU_LOG_TB_NOCHAIN, help: 'do not chain compiled TBs, so that "exec" and "cpu" show complete traces' },
  { name: 'tid', mask: LOG_PER_THREAD, help: "open a separate log file per thread; filename must contain '%d'" },
] as const;

/** Guest addresses, both ends included. */
export interface LogRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** `-d`, `-D` and `-dfilter`. */
export interface LogOptions {
  /** OR of the items' masks. */
  readonly items: number;
  /** Undefined: standard error. `%d` stands for the process id, or the thread's number with item `tid`. */
  readonly file: string | undefined;
  /** Empty: all addresses. */
  readonly dfilter: readonly LogRange[];
}

/** What a worker needs to write to the same log: structured-cloneable, to be passed in its workerData. */
export interface LogConfig extends LogOptions {
  /** [0]: the items enabled now, shared by all threads. [1]: raised when `later` changes. */
  readonly word: Int32Array;
  /** The file chosen while running (the monitor's `logfile`), as UTF-8 ended by 0. Written by main before it raises word[1]. */
  readonly later: Uint8Array;
}

const MAX_LOGFILE = 4096;
const sharedWords = () => ({ word: new Int32Array(new SharedArrayBuffer(8)), later: new Uint8Array(new SharedArrayBuffer(MAX_LOGFILE)) });

let config: LogConfig = { items: 0, file: undefined, dfilter: [], ...sharedWords() };
let word = config.word;
let fd = 2;
/** word[1] when the file was opened. */
let opened = 0;

/** Mask of a `-d` list. UserError `log-item` for an unknown name. */
export function parseLogItems(text: string): number {
  let mask = 0;
  for (const name of text.split(',')) {
    if (name === 'all') for (const item of LOG_ITEMS) mask |= item.mask & ~LOG_PER_THREAD;
    else {
      const item = LOG_ITEMS.find((i) => i.name === name);
      if (!item) throw new UserError('log-item', `unknown log item '${name}'`, "'-d help' lists them");
      mask |= item.mask;
    }
  }
  return mask;
}

const MAX_ADDRESS = 2n ** 64n - 1n;

/** Ranges of a `-dfilter` list: `start+length`, `start-length` (ending at start), `first..last`. UserError `bad-range` when malformed. */
export function parseRanges(text: string): LogRange[] {
  return text.split(',').map((part) => {
    const m = /^(0x[0-9a-f]+|\d+)(\+|-|\.\.)(0x[0-9a-f]+|\d+)$/i.exec(part);
    const bad = () => new UserError('bad-range', `-dfilter ${text}: Bad range specifier '${part}'`, 'write start+length, start-length or first..last');
    if (!m) throw bad();
    const a = BigInt(m[1]), b = BigInt(m[3]);
    const range = m[2] === '..' ? { first: a, last: b } : m[2] === '+' ? { first: a, last: a + b - 1n } : { first: a - b + 1n, last: a };
    if (range.first < 0n || range.last > MAX_ADDRESS || range.first > range.last) throw bad();
    return range;
  });
}

/** What the log is to be, for workerData; until openLog() it is on standard error. UserError `log-file` for a bad file name. */
export function configureLog(options: LogOptions): LogConfig {
  checkFileName(options);
  config = { ...options, ...sharedWords() };
  config.word[0] = options.items;
  word = config.word;
  return config;
}

/** Opens the file of configureLog(); the main thread does it once, before it creates workers. An existing file is emptied. UserError `log-file` when it cannot be opened. */
export function openLog(): void {
  open('w');
}

/** What configureLog() returned. */
export function logConfig(): LogConfig {
  return config;
}

/** A worker's side: writes to the log of the main thread. */
export function joinLog(of: LogConfig): void {
  config = of;
  if (Atomics.load(of.word, 1) > 0) reopen();
  else open('a');
}

/** Changes the items for all threads while running (the monitor's `log`). */
export function setLogItems(items: number): void {
  Atomics.store(word, 0, items);
}

/** Sends the log of all threads to another file from now on. UserError `log-file` when it cannot be opened. */
export function setLogFile(file: string): void {
  const bytes = Buffer.from(`${file}\0`);
  if (bytes.length > MAX_LOGFILE) throw new UserError('log-file', `Error opening logfile ${file}: the name is too long`);
  checkFileName({ ...config, file });
  config = { ...config, file };
  open('w');
  config.later.set(bytes);
  Atomics.add(word, 1, 1);
  opened = Atomics.load(word, 1);
}

/** Follows setLogFile() of the main thread. */
function reopen(): void {
  const { later } = config;
  config = { ...config, file: Buffer.from(later.slice(0, later.indexOf(0))).toString() };
  open('a');
}

function checkFileName({ file, items }: LogOptions): void {
  if (file === undefined) return;
  const holes = file.replaceAll('%%', '').split('%');
  if (holes.length > 2 || (holes.length === 2 && !holes[1].startsWith('d'))) throw new UserError('log-file', `Bad logfile template: ${file}`, "only one '%d' may be in it");
  if (items & LOG_PER_THREAD && holes.length < 2) throw new UserError('log-file', `-d tid needs a log file name with '%d' in it, not '${file}'`);
}

function open(mode: 'w' | 'a'): void {
  word = config.word;
  opened = Atomics.load(word, 1);
  if (fd !== 2) closeSync(fd);
  fd = 2;
  if (config.file === undefined) return;
  const perThread = (config.items & LOG_PER_THREAD) !== 0;
  const path = config.file.replace(/%(%|d)/g, (_, c: string) => (c === '%' ? '%' : `${perThread && !isMainThread ? threadId : process.pid}`));
  try {
    // Appending makes each write() land whole at the end, whichever thread it comes from.
    if (mode === 'w') closeSync(openSync(path, 'w'));
    fd = openSync(path, 'a');
  } catch (error) {
    throw new UserError('log-file', `Error opening logfile ${path}: ${systemMessage(error)}`);
  }
}

/**
 * Whether one of these items is logged; with a message, logs it if so. The message may be a function, called only when it is wanted.
 * Costs one load and a test while off.
 */
export function qemuLogMask(items: number, message?: string | (() => string)): boolean {
  if ((word[0] & items) === 0) return false;
  if (message !== undefined) qemuLog(typeof message === 'string' ? message : message());
  return true;
}

/** Whether a guest address is inside `-dfilter` (everything is, without one). */
export function qemuLogInAddrRange(address: bigint | number): boolean {
  const { dfilter } = config;
  if (dfilter.length === 0) return true;
  const a = BigInt.asUintN(64, BigInt(address));
  return dfilter.some((r) => a >= r.first && a <= r.last);
}

/** Writes text to the log in one piece; a missing end of line is added. */
export function qemuLog(text: string): void {
  if (Atomics.load(word, 1) !== opened) reopen();
  writeAllSync(fd, text.endsWith('\n') ? text : `${text}\n`);
}

const PATIENCE_MS = 1000;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes everything, waiting up to a second for a full pipe; what is then left, or cannot be written, is lost. */
function writeAllSync(to: number, text: string): void {
  let bytes = Buffer.from(text);
  for (let waited = 0; bytes.length > 0 && waited < PATIENCE_MS;) {
    try {
      bytes = bytes.subarray(writeSync(to, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(nap, 0, 0, 1);
      waited++;
    }
  }
}

// --- the emulator's own log ----------------------------------------------------------------------------------------

const LABELS: Readonly<Record<number, string>> = { 10: 'trace: ', 20: 'debug: ', 30: '', 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' };
/** Members of a record that the plain form leaves out. */
const FRAME = ['level', 'time', 'msg', 'err'];

/** A pino record as a plain line: `mttcg: warning: message key=value`. */
export function plainLine(record: string): string {
  const fields = JSON.parse(record) as Record<string, unknown> & { level: number; msg?: string; err?: { stack?: string } };
  const extra = Object.entries(fields).filter(([key]) => !FRAME.includes(key)).map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const stack = fields.err?.stack ? `\n${fields.err.stack}` : '';
  return `mttcg: ${LABELS[fields.level] ?? ''}${fields.msg ?? ''}${extra.join('')}${stack}\n`;
}

let logger: Logger | undefined;

/**
 * The emulator's log, of this thread. MTTCG_LOG sets the level (trace, debug, info, warn, error, silent; default warn).
 * A terminal gets plain lines, anything else one JSON object a line.
 */
export function log(): Logger {
  if (logger) return logger;
  // loaded at first use: workers rarely need it
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino');
  const level = process.env.MTTCG_LOG ?? 'warn';
  const plain = isatty(2);
  const destination = { write: (record: string) => writeAllSync(2, plain ? plainLine(record) : record) };
  const known = level === 'silent' || level in pino.levels.values;
  logger = pino.pino({ level: known ? level : 'warn', base: isMainThread ? null : { thread: threadId } }, destination);
  if (!known) logger.warn(`MTTCG_LOG=${level} is not a level`);
  return logger;
}
