// NUMA configuration given before the machine is created: nodes, their memory and vCPUs, the distances between them.
import { UserError } from '../errors.ts';
import type { SmpOptions } from './options.ts';

const MAX_NODES = 128;
const LOCAL_DISTANCE = 10;

/** QAPI's NumaOptions, as far as this machine has them. */
export type NumaOption =
  | { readonly type: 'node'; readonly nodeid?: number; readonly cpus?: readonly number[]; readonly mem?: number; readonly memdev?: string; readonly initiator?: number }
  | { readonly type: 'dist'; readonly src: number; readonly dst: number; readonly val: number }
  | { readonly type: 'cpu'; readonly 'node-id'?: number; readonly 'socket-id'?: number; readonly 'cluster-id'?: number; readonly 'core-id'?: number; readonly 'thread-id'?: number; readonly 'die-id'?: number };

export interface NumaNode {
  readonly id: number;
  /** Bytes. */
  mem: number | undefined;
}

const fail = (message: string) => new UserError('bad-numa', message);

export class NumaConfig {
  readonly nodes = new Map<number, NumaNode>();
  readonly distances = new Map<string, number>();
  readonly #cpus: Map<number, number> = new Map();
  readonly #smp: SmpOptions;

  constructor(smp: SmpOptions) {
    this.#smp = smp;
  }

  /** UserErrors with QEMU's texts. */
  add(option: NumaOption): void {
    switch (option.type) {
      case 'node': return this.#addNode(option);
      case 'dist': return this.#addDistance(option);
      case 'cpu': return this.#addCpu(option);
    }
  }

  #addNode(o: NumaOption & { type: 'node' }): void {
    const id = o.nodeid ?? this.nodes.size;
    if (id < 0 || id >= MAX_NODES) throw fail(`Max number of NUMA nodes reached: ${id}`);
    if (this.nodes.has(id)) throw fail(`Duplicate NUMA nodeid: ${id}`);
    if (o.memdev !== undefined) throw fail(`memdev=${o.memdev} is ambiguous`);
    for (const cpu of o.cpus ?? []) {
      if (cpu < 0 || cpu >= this.#smp.maxcpus) throw fail(`CPU index (${cpu}) should be smaller than maxcpus (${this.#smp.maxcpus})`);
    }
    this.nodes.set(id, { id, mem: o.mem });
    for (const cpu of o.cpus ?? []) this.#cpus.set(cpu, id);
  }

  #addDistance({ src, dst, val }: NumaOption & { type: 'dist' }): void {
    for (const [name, node] of [['src', src], ['dst', dst]] as const) {
      if (node < 0 || node >= MAX_NODES) throw fail(`Parameter '${name}' expects an integer between 0 and ${MAX_NODES - 1}`);
    }
    if (!this.nodes.has(src) || !this.nodes.has(dst)) throw fail('Source/Destination NUMA node is missing. Please use \'-numa node\' option to declare it first.');
    if (val < LOCAL_DISTANCE || val > 255) throw fail(`NUMA distance (${val}) is invalid, it shouldn't be less than ${LOCAL_DISTANCE}.`);
    if (src === dst && val !== LOCAL_DISTANCE) throw fail(`Local distance of node ${src} should be ${LOCAL_DISTANCE}.`);
    this.distances.set(`${src} ${dst}`, val);
  }

  #addCpu(o: NumaOption & { type: 'cpu' }): void {
    const node = o['node-id'];
    if (node === undefined) throw fail('Missing mandatory node-id property');
    if (!this.nodes.has(node)) throw fail(`Invalid node-id=${node}, NUMA node must be defined with -numa node,nodeid=ID before it's used with -numa cpu,node-id=ID`);
    const { sockets, clusters, cores, threads } = this.#smp;
    let matched = false;
    for (let n = 0; n < this.#smp.maxcpus; n++) {
      const core = Math.floor(n / threads), cluster = Math.floor(core / cores);
      const place: Record<string, number> = { 'thread-id': n % threads, 'core-id': core % cores, 'cluster-id': cluster % clusters, 'socket-id': Math.floor(cluster / clusters) % sockets };
      if (Object.entries(place).some(([key, value]) => o[key as 'core-id'] !== undefined && o[key as 'core-id'] !== value)) continue;
      matched = true;
      this.#cpus.set(n, node);
    }
    if (!matched) throw fail('no match found');
  }

  /** The node of a vCPU, for query-cpus-fast. */
  propsOf(cpu: number): { 'node-id'?: number } {
    return this.nodes.size === 0 ? {} : { 'node-id': this.nodeOf(cpu) };
  }

  /** vCPUs that nobody has placed: node 0, as QEMU's virt board spreads by socket and there is one. */
  nodeOf(cpu: number): number {
    return this.#cpus.get(cpu) ?? 0;
  }

  /** Before the machine is created. UserError when the nodes do not add up. */
  check(ramSize: number): void {
    if (this.nodes.size === 0) return;
    for (let id = 0; id < this.nodes.size; id++) if (!this.nodes.has(id)) throw fail(`numa: Node ID missing: ${id}`);
    const total = [...this.nodes.values()].reduce((sum, n) => sum + (n.mem ?? 0), 0);
    if (total !== ramSize) throw fail(`total memory for NUMA nodes (0x${total.toString(16)}) should equal RAM size (0x${ramSize.toString(16)})`);
  }
}
