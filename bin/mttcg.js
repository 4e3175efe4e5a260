#!/usr/bin/env node
// Launcher: runs the emulator on Node >= 26, re-executing with the pinned Node when this one is older. Parses on Node 12.17 and later.
import { spawn } from 'child_process';
import { existsSync } from 'fs';
import * as module from 'module';
import { constants, homedir } from 'os';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

const REQUIRED = 26;
const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
/** Set for the re-executed process, which must not look for another Node again. */
const RELAUNCHED = 'MTTCG_RELAUNCHED';

if (parseInt(process.versions.node, 10) >= REQUIRED) run();
else relaunch();

function run() {
  if (process.env[RELAUNCHED]) {
    delete process.env[RELAUNCHED];
    endWithLauncher();
  }
  keepCompiled();
  import('./entry.js').then(({ entry }) => import(entry('src/cli/main'))).then((cli) => cli.main(process.argv.slice(2))).then(
    (code) => process.exit(code),
    (error) => {
      console.error(error);
      process.exit(70);
    },
  );
}

/** Node keeps stripped and compiled modules on disk: half of the start-up time of each thread. Not there: no matter. */
function keepCompiled() {
  if (process.env.NODE_COMPILE_CACHE) return;
  const { directory } = module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mttcg'));
  // For the worker threads.
  if (directory) process.env.NODE_COMPILE_CACHE = directory;
}

/** The launcher holds our IPC channel: when it is killed, the emulator must not go on alone. */
function endWithLauncher() {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

function relaunch() {
  const node = process.env[RELAUNCHED] ? undefined : pinnedNode();
  if (!node) {
    console.error('mttcg: this is Node ' + process.version + ' but Node ' + REQUIRED + ' or later is needed and the pinned one is not installed: '
      + 'run "npm install" without --omit=optional, or install Node ' + REQUIRED);
    process.exit(1);
  }
  const child = spawn(node, process.execArgv.concat(self, process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { [RELAUNCHED]: '1' }),
  });
  // The child decides what a signal means; a Ctrl-C of the terminal reaches it without us, a `kill` of this process only through us.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGCONT'].filter((name) => name in constants.signals);
  for (const name of signals) process.on(name, () => child.kill(name));
  child.on('error', (error) => {
    console.error('mttcg: cannot start ' + node + ': ' + error.message);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** Path of the Node that package.json pins for this platform, or undefined. */
function pinnedNode() {
  const require = module.createRequire(import.meta.url);
  const exe = process.platform === 'win32' ? 'node.exe' : 'node';
  const os = process.platform === 'win32' ? 'win' : process.platform;
  for (const name of ['node-' + os + '-' + process.arch, 'node']) {
    try {
      const path = join(dirname(require.resolve(name + '/package.json')), 'bin', exe);
      if (existsSync(path)) return path;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  const bin = join(root, 'node_modules', '.bin', exe);
  return existsSync(bin) ? bin : undefined;
}
