// Where a vCPU is in the topology of -smp.
import type { SmpOptions } from '../machine/options.ts';
import type { CpuInstanceProperties } from './types.ts';

/** vCPU `n`: threads count fastest, then cores, clusters, sockets. */
export function cpuPlace(smp: SmpOptions, n: number): CpuInstanceProperties {
  const core = Math.floor(n / smp.threads), cluster = Math.floor(core / smp.cores);
  return {
    'socket-id': Math.floor(cluster / smp.clusters) % smp.sockets, 'cluster-id': cluster % smp.clusters, 'core-id': core % smp.cores, 'thread-id': n % smp.threads,
  };
}
