// The command line's entry: parse, answer requests for help, else run the machine and see to a clean way out.
import { unlinkSync, writeFileSync } from 'node:fs';
import { closeAllChardevs } from '../chardev/open.ts';
import { configureLog, log, openLog } from '../log.ts';
import { CPU_PROPERTIES, EXCLUSIVE_SCHEMES, MACHINES, type Catalog } from './catalog.ts';
import { systemMessage, UserError } from '../errors.ts';
import { VERSION } from './help.ts';
import type { MachineOptions } from '../machine/options.ts';
import { parseCommandLine, parseGdb } from './parse.ts';
import { daemonize, daemonReady, isDaemon } from './daemon.ts';
import { parseChardev } from './chardev-args.ts';
import { parseObject } from './object-args.ts';
import { onQuitSignal, quitOnSignals } from './signals.ts';

/**
 * Runs `mttcg ARGV` and resolves to the process's exit code: the machine's, 0 for help, 1 for a mistake of the user,
 * which is printed as one line. The caller ends the process with it; the machine's threads end with the process.
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] === 'torture') {
      const [{ torture }, { openTortureMachine }] = await Promise.all([import('../stress/torture/cli.ts'), import('../machine/torture-machine.ts')]);
      return await torture(argv.slice(1), openTortureMachine);
    }
    if (argv[0] === 'litmus') {
      const { litmusCommand } = await import('./litmus.ts');
      return await litmusCommand(argv.slice(1));
    }
    const request = parseCommandLine(argv, await loadCatalog());
    if (request.kind === 'print') {
      await print(request.text);
      return 0;
    }
    return await run(request.options, request.warnings);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`mttcg: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}\n`);
    return 1;
  } finally {
    await closeAllChardevs();
  }
}

async function run(options: MachineOptions, warnings: readonly string[]): Promise<number> {
  if (options.daemonize && !isDaemon()) return daemonize();
  for (const { path, text } of options.writeConfig) await writeConfig(path, text);
  for (const warning of warnings) log().warn(warning);
  quitOnSignals();
  if (options.processName !== undefined) process.title = options.processName;
  configureLog(options.log);
  const { runMachine } = await import('../machine/run.ts');
  return runMachine(options, {
    product: `mttcg ${VERSION}`,
    catalog: { ...await loadCatalog(), cpuProperties: CPU_PROPERTIES },
    parseChardev,
    parseObject,
    parseGdb,
    opened: () => {
      openLog();
      if (options.pidfile !== undefined) writePidfile(options.pidfile);
      if (isDaemon()) daemonReady();
    },
    controlled: (vm) => onQuitSignal(() => vm.quit('host-signal')),
  });
}

/** What the options are checked against; the tables of the target are loaded only by who needs them. */
async function loadCatalog(): Promise<Catalog> {
  const { cpuModelList } = await import('../target/arm/cpu-models.ts');
  return { machines: MACHINES, cpuModels: cpuModelList(), exclusiveSchemes: EXCLUSIVE_SCHEMES };
}

async function writeConfig(path: string, text: string): Promise<void> {
  if (path === '-') return print(text);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError('config-file', `-writeconfig ${path}: ${path}: ${systemMessage(error)}`);
  }
}

function writePidfile(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    throw new UserError('pidfile', `cannot create PID file: Could not create '${path}': ${systemMessage(error)}`);
  }
  process.on('exit', () => {
    try {
      unlinkSync(path);
    } catch {
      // already gone
    }
  });
}

/** Resolves when the text is out: a pipe may take it in pieces. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
