// -smp: the topology completed and checked by QEMU's rules (hw/core/machine-smp of QEMU 7.2: cores are preferred over sockets).
import type { MachineInfo } from './catalog.ts';
import { UserError } from '../errors.ts';
import type { SmpOptions } from '../machine/options.ts';
import { QemuOpts } from './qemu-opts.ts';

const KEYS = ['cpus', 'maxcpus', 'sockets', 'dies', 'clusters', 'cores', 'threads'] as const;

/** Merges the values of all -smp options, later ones over earlier ones. UserErrors `bad-smp`, `bad-parameter`. */
export function parseSmp(texts: readonly string[], machine: MachineInfo, defaultCpus = 1): SmpOptions {
  const given: Partial<Record<(typeof KEYS)[number], number>> = {};
  for (const text of texts) {
    const opts = new QemuOpts('-smp', text, 'cpus');
    for (const key of KEYS) {
      const value = opts.integer(key);
      if (value === undefined) continue;
      if (value === 0) throw opts.error('Invalid CPU topology: CPU topology parameters must be greater than zero', 'bad-smp');
      given[key] = value;
    }
    opts.finish(true);
  }
  const fail = (message: string) => new UserError('bad-smp', `-smp ${texts.join(',')}: ${message}`);
  if ((given.dies ?? 1) > 1) throw fail("dies not supported by this machine's CPU topology");
  if (texts.length === 0) given.cpus = defaultCpus;

  const clusters = given.clusters ?? 1;
  let { sockets, cores, threads, maxcpus = given.cpus } = given;
  if (maxcpus !== undefined) {
    if (cores === undefined) {
      sockets ??= 1;
      threads ??= 1;
      cores = Math.floor(maxcpus / (sockets * clusters * threads));
    } else if (sockets === undefined) {
      threads ??= 1;
      sockets = Math.floor(maxcpus / (clusters * cores * threads));
    }
    threads ??= Math.floor(maxcpus / (sockets! * clusters * cores!));
  }
  sockets ??= 1;
  cores ??= 1;
  threads ??= 1;
  const total = sockets * clusters * cores * threads;
  maxcpus ??= total;
  const cpus = given.cpus ?? maxcpus;
  const product = `sockets (${sockets}) * clusters (${clusters}) * cores (${cores}) * threads (${threads})`;
  if (total !== maxcpus) throw fail(`Invalid CPU topology: product of the hierarchy must match maxcpus: ${product} != maxcpus (${maxcpus})`);
  if (maxcpus < cpus) throw fail(`Invalid CPU topology: maxcpus must be equal to or greater than smp: ${product} == maxcpus (${maxcpus}) < smp_cpus (${cpus})`);
  if (maxcpus > machine.maxCpus) throw fail(`Invalid SMP CPUs ${maxcpus}. The max CPUs supported by machine '${machine.name}' is ${machine.maxCpus}`);
  return { cpus, maxcpus, sockets, clusters, cores, threads };
}
