// NUMA configuration given before the machine is created: nodes, their memory and vCPUs, the distances between them.
import { UserError } from '../errors.ts';
import { log } from '../log.ts';
import type { UserObjects } from './objects.ts';
import type { SmpOptions } from './options.ts';

const MAX_NODES = 128;
const LOCAL_DISTANCE = 10;

/** QAPI's NumaOptions, as far as this machine has them. */
export type NumaOption =
  | { readonly type: 'node'; readonly nodeid?: number; readonly cpus?: readonly number[]; readonly mem?: number; readonly memdev?: string; readonly initiator?: number }
  | { readonly type: 'dist'; readonly src: number; readonly dst: number; readonly val: number }
  | { readonly type: 'cpu'; readonly 'node-id'?: number; readonly 'socket-id'?: number; readonly 'cluster-id'?: number; readonly 'core-id'?: number; readonly 'thread-id'?: number; readonly 'die-id'?: number };

/** `-numa`; `where` is the option as typed. */
export interface NumaArgument {
  readonly where: string;
  readonly option: NumaOption;
}

export interface NumaNode {
  readonly id: number;
  /** Bytes. */
  readonly mem: number;
  /** The memory back end that they come from. */
  readonly memdev: string | undefined;
}

/** What the device tree says of it. */
export interface NumaTopology {
  readonly nodes: readonly NumaNode[];
  readonly nodeOf: (cpu: number) => number;
  /** `distances[from][to]`; undefined when none were given. */
  readonly distances: readonly (readonly number[])[] | undefined;
}

const fail = (message: string) => new UserError('bad-numa', message);

export class NumaConfig {
  readonly nodes = new Map<number, NumaNode>();
  readonly #distances = new Map<string, number>();
  readonly #cpus: Map<number, number> = new Map();
  readonly #smp: SmpOptions;
  readonly #objects: UserObjects;

  constructor(smp: SmpOptions, objects: UserObjects) {
    this.#smp = smp;
    this.#objects = objects;
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
    if (o.initiator !== undefined) throw fail('ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with -machine hmat=on before using any of hmat specific options');
    for (const cpu of o.cpus ?? []) {
      if (cpu < 0 || cpu >= this.#smp.maxcpus) throw fail(`CPU index (${cpu}) should be smaller than maxcpus (${this.#smp.maxcpus})`);
      this.#checkFree(cpu, id);
    }
    const mixed = [...this.nodes.values()].some((n) => (o.mem !== undefined && n.memdev !== undefined) || (o.memdev !== undefined && n.mem > 0 && n.memdev === undefined));
    if (mixed || (o.mem !== undefined && o.memdev !== undefined)) throw fail('numa configuration should use either mem= or memdev=,mixing both is not allowed');
    const memdev = o.memdev === undefined ? undefined : this.#objects.memdev(o.memdev);
    if (o.memdev !== undefined && !memdev) throw fail(`memdev=${o.memdev} is ambiguous`);
    this.nodes.set(id, { id, mem: memdev ? Number(memdev.properties.size) : o.mem ?? 0, memdev: o.memdev });
    for (const cpu of o.cpus ?? []) this.#cpus.set(cpu, id);
  }

  #checkFree(cpu: number, node: number): void {
    const other = this.#cpus.get(cpu);
    if (other !== undefined && other !== node) throw fail(`CPU is already assigned to node-id: ${other}`);
  }

  #addDistance({ src, dst, val }: NumaOption & { type: 'dist' }): void {
    for (const [name, node] of [['src', src], ['dst', dst]] as const) {
      if (node < 0 || node >= MAX_NODES) throw fail(`Parameter '${name}' expects an integer between 0 and ${MAX_NODES - 1}`);
    }
    if (!this.nodes.has(src) || !this.nodes.has(dst)) throw fail('Source/Destination NUMA node is missing. Please use \'-numa node\' option to declare it first.');
    if (val < LOCAL_DISTANCE || val > 255) throw fail(`NUMA distance (${val}) is invalid, it shouldn't be less than ${LOCAL_DISTANCE}.`);
    if (src === dst && val !== LOCAL_DISTANCE) throw fail(`Local distance of node ${src} should be ${LOCAL_DISTANCE}.`);
    this.#distances.set(`${src} ${dst}`, val);
  }

  #addCpu(o: NumaOption & { type: 'cpu' }): void {
    const node = o['node-id'];
    if (node === undefined) throw fail('Missing mandatory node-id property');
    if (!this.nodes.has(node)) throw fail(`Invalid node-id=${node}, NUMA node must be defined with -numa node,nodeid=ID before it's used with -numa cpu,node-id=ID`);
    if (o['die-id'] !== undefined) throw fail('die-id is not supported');
    const matched = Array.from({ length: this.#smp.maxcpus }, (_, n) => n).filter((n) =>
      Object.entries(this.#place(n)).every(([key, value]) => o[key as 'core-id'] === undefined || o[key as 'core-id'] === value));
    if (matched.length === 0) throw fail('no match found');
    for (const n of matched) this.#checkFree(n, node);
    for (const n of matched) this.#cpus.set(n, node);
  }

  /** Where vCPU `n` is: threads count fastest, then cores, clusters, sockets. */
  #place(n: number): Record<'thread-id' | 'core-id' | 'cluster-id' | 'socket-id', number> {
    const { sockets, clusters, cores, threads } = this.#smp;
    const core = Math.floor(n / threads), cluster = Math.floor(core / cores);
    return { 'thread-id': n % threads, 'core-id': core % cores, 'cluster-id': cluster % clusters, 'socket-id': Math.floor(cluster / clusters) % sockets };
  }

  /** The node of a vCPU, for query-cpus-fast. */
  propsOf(cpu: number): { 'node-id'?: number } {
    return this.nodes.size === 0 ? {} : { 'node-id': this.nodeOf(cpu) };
  }

  /** vCPUs that nobody has placed: by socket when none was, as on QEMU's virt board, else node 0. */
  nodeOf(cpu: number): number {
    return this.#cpus.get(cpu) ?? (this.#cpus.size === 0 ? this.#place(cpu)['socket-id'] % this.nodes.size : 0);
  }

  /** When the machine is created: what it is, undefined without nodes. UserError when the nodes do not add up. */
  complete(ramSize: number): NumaTopology | undefined {
    if (this.nodes.size === 0) return undefined;
    for (let id = 0; id < this.nodes.size; id++) if (!this.nodes.has(id)) throw fail(`numa: Node ID missing: ${id}`);
    const nodes = Array.from({ length: this.nodes.size }, (_, id) => this.nodes.get(id)!);
    const total = nodes.reduce((sum, n) => sum + n.mem, 0);
    if (total !== ramSize) throw fail(`total memory for NUMA nodes (0x${total.toString(16)}) should equal RAM size (0x${ramSize.toString(16)})`);
    const distances = this.#distances.size === 0 ? undefined : this.#fullDistances(nodes.length);
    for (const { memdev } of nodes) {
      if (memdev === undefined) continue;
      const object = this.#objects.memdev(memdev);
      if (!object) throw fail(`memdev=${memdev} is ambiguous`);
      if (object.used) throw fail(`memory backend ${memdev} can't be used multiple times.`);
      object.used = true;
    }
    this.#warnPartial();
    return { nodes, nodeOf: (cpu) => this.nodeOf(cpu), distances };
  }

  /** Distances not given are those of the way back; with different ways all must be given. */
  #fullDistances(count: number): number[][] {
    const d = Array.from({ length: count }, (_, src) => Array.from({ length: count }, (_, dst) => this.#distances.get(`${src} ${dst}`) ?? (src === dst ? LOCAL_DISTANCE : 0)));
    let asymmetric = false;
    for (let src = 0; src < count; src++) {
      for (let dst = src; dst < count; dst++) {
        if (d[src][dst] === 0 && d[dst][src] === 0) throw fail(`The distance between node ${src} and ${dst} is missing, at least one distance value between each nodes should be provided.`);
        if (d[src][dst] !== d[dst][src] && d[src][dst] !== 0 && d[dst][src] !== 0) asymmetric = true;
      }
    }
    if (asymmetric && d.some((row) => row.includes(0))) throw fail('At least one asymmetrical pair of distances is given, please provide distances for both directions of all node pairs.');
    return d.map((row, src) => row.map((value, dst) => value || d[dst][src]));
  }

  #warnPartial(): void {
    const missing = Array.from({ length: this.#smp.maxcpus }, (_, n) => n).filter((n) => !this.#cpus.has(n));
    if (this.#cpus.size === 0 || missing.length === 0) return;
    const place = (n: number) => Object.entries(this.#place(n)).reverse().map(([key, value]) => `${key}: ${value}`).join(', ');
    log().warn(`CPU(s) not present in any NUMA nodes: ${missing.map((n) => `CPU ${n} [${place(n)}]`).join(', ')}`);
    log().warn('All CPU(s) up to maxcpus should be described in NUMA config, ability to start up with partial NUMA mappings is obsoleted and will be removed in future');
  }
}
