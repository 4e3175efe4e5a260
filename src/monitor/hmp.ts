// The human monitor's command line: finds the command, reads its arguments, runs it; help and completion.
import { UserError } from '../errors.ts';
import { QmpError } from '../qmp/errors.ts';
import type { QmpContext } from '../qmp/context.ts';
import type { QmpServer } from '../qmp/server.ts';
import { parseArgs, type ArgSpec, type FormatDefaults } from './args.ts';
import { COMMANDS, type CommandRow } from './commands.ts';
import { HmpError } from './errors.ts';
import { INFO } from './info.ts';

/** What one monitor remembers. */
export interface HmpState extends FormatDefaults {
  /** The default CPU. */
  cpu: number;
  history: string[];
}

export const newHmpState = (): HmpState => ({ cpu: 0, format: 'x', size: 4, history: [] });

const HISTORY = 64;

interface Row { readonly names: readonly string[]; readonly args?: readonly ArgSpec[]; readonly params?: string; readonly help: string }

const asRow = (i: (typeof INFO)[number]): Row => ({ names: [i.name], args: i.args, params: i.params, help: i.help });
const helpLine = (row: Row, prefix = '') => `${prefix}${row.names.join('|')} ${row.params ?? ''}${row.params === undefined ? '' : ' '}-- ${row.help}`.replace(/ {2}--/, '  --');
const oneLine = (row: Row, prefix = '') => (row.params === undefined ? `${prefix}${row.names.join('|')}  -- ${row.help}` : helpLine(row, prefix));

const HELP: Row = { names: ['help', '?'], params: '[cmd]', help: 'show the help' };
const INFO_ROW: Row = { names: ['info'], params: '[subcommand]', help: 'show various information about the system state' };

const infoHelp = (): string[] => INFO.map((i) => oneLine(asRow(i), 'info '));

/** `help`, `help CMD`, `help info SUB`. */
function help(words: readonly string[]): string[] {
  const all: readonly Row[] = [...COMMANDS, HELP, INFO_ROW].toSorted((a, b) => (a.names[0] < b.names[0] ? -1 : 1));
  if (words.length === 0) return all.map((row) => oneLine(row));
  const [name, sub] = words;
  if (name === 'info') {
    if (sub === undefined) return infoHelp();
    const row = INFO.find((i) => i.name === sub);
    return row ? [oneLine(asRow(row), 'info ')] : [`unknown command: 'info ${sub}'`];
  }
  const row = all.find((r) => r.names.includes(name));
  return row ? [oneLine(row)] : [`unknown command: '${name}'`];
}

export class Hmp {
  readonly #context: QmpContext;
  readonly #qmp: QmpServer;

  constructor(context: QmpContext, qmp: QmpServer) {
    this.#context = context;
    this.#qmp = qmp;
  }

  /** The machine has ended: no prompt follows. */
  get ended(): boolean {
    return this.#context.vm.ended;
  }

  /** Runs one line; what it prints, with `\n` at the end of each line. */
  async execute(line: string, state: HmpState): Promise<string> {
    const trimmed = line.trim();
    if (trimmed === '') return '';
    const lines = await this.#run(trimmed, state);
    return lines.map((l) => `${l}\n`).join('');
  }

  /** Remembers a line for `info history` and the arrow keys. */
  remember(line: string, state: HmpState): void {
    if (line.trim() === '' || state.history.at(-1) === line) return;
    state.history.push(line);
    if (state.history.length > HISTORY) state.history.shift();
  }

  async #run(line: string, state: HmpState): Promise<readonly string[]> {
    const [, name, rest] = /^([^\s/]+)\s*(.*)$/s.exec(line) ?? [];
    if (name === undefined) return [`unknown command: '${line.split(/\s/)[0]}'`];
    if (HELP.names.includes(name)) return help(rest.split(/\s+/).filter((w) => w !== ''));
    if (name === 'info') {
      const [, sub = '', tail = ''] = /^(\S*)\s*(.*)$/s.exec(rest)!;
      if (sub === '') return infoHelp();
      const row = INFO.find((i) => i.name === sub);
      if (!row) return [`unknown command: 'info ${sub}'`];
      if (!this.#context.vm.machine && !['version', 'status', 'name', 'uuid', 'history', 'chardev', 'kvm', 'numa', 'memdev', 'qom-tree'].includes(sub)) return ['Error: the machine has not been created yet'];
      return this.#guard(asRow(row), `info ${sub}`, sub, tail, state, async (args) => row.run(this.#context, args, state));
    }
    const row: CommandRow | undefined = COMMANDS.find((c) => c.names.includes(name));
    if (!row) return [`unknown command: '${name}'`];
    return this.#guard(row, name, name, rest, state, async (args) => (await row.run({ context: this.#context, qmp: this.#qmp, state }, args)) ?? []);
  }

  async #guard(row: Row, topic: string, name: string, text: string, state: HmpState, run: (args: ReturnType<typeof parseArgs>) => Promise<readonly string[]>): Promise<readonly string[]> {
    let args: ReturnType<typeof parseArgs>;
    try {
      args = parseArgs(name, row.names.join('|'), row.args ?? [], text, (register) => this.#register(register, state), state);
    } catch (error) {
      if (!(error instanceof HmpError)) throw error;
      return [error.message, `Try "help ${topic}" for more information`];
    }
    try {
      return await run(args);
    } catch (error) {
      if (error instanceof HmpError) return [error.message];
      if (error instanceof QmpError || error instanceof UserError) return [`Error: ${error.message}`];
      throw error;
    }
  }

  #register(name: string, state: HmpState): bigint | undefined {
    const cpu = this.#context.vm.machine?.cpus[state.cpu];
    return cpu?.target.registerByName?.(cpu, name);
  }

  /** Completions of the last word of a line: commands, `info` subcommands, what `help` knows. */
  complete(line: string): string[] {
    const words = line.trimStart().split(/\s+/), last = words.at(-1)!;
    const names = words.length === 1 ? [...COMMANDS.flatMap((c) => c.names), ...HELP.names, 'info']
      : words[0] === 'info' || (HELP.names.includes(words[0]) && words[1] === 'info' && words.length === 3) ? INFO.map((i) => i.name)
      : HELP.names.includes(words[0]) ? [...COMMANDS.flatMap((c) => c.names), 'info'] : [];
    return names.filter((n) => n.startsWith(last)).sort();
  }
}
