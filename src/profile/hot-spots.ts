// The profile of guest code (`--profile`): samples by function and by address, as a report, as text.

/** Samples of one vCPU. `idle`: the vCPU was halted. */
export interface VcpuSamples { readonly cpu: number; readonly idle: number; readonly samples: readonly (readonly [pc: bigint, count: number])[] }

export interface HotFunction {
  /** Name; the address, when nothing is known of it. */
  readonly name: string;
  readonly known: boolean;
  readonly samples: number;
  /** Of all samples that are not idle. */
  readonly share: number;
  /** By vCPU. */
  readonly cpus: readonly number[];
  /** Addresses in it, the most frequent first. */
  readonly addresses: readonly { readonly pc: string; readonly place: string; readonly samples: number }[];
}

export interface HotSpotReport {
  readonly samplesPerSecond: number;
  readonly samples: number;
  readonly cpus: readonly { readonly cpu: number; readonly samples: number; readonly idle: number }[];
  /** Functions of the guest that names were looked up in; 0: none were found. */
  readonly symbols: number;
  readonly functions: readonly HotFunction[];
}

/** What an address is called. */
export interface CodeNames {
  readonly count: number;
  code(pc: bigint): string;
  function(pc: bigint): string | undefined;
}

const hex = (pc: bigint) => `0x${pc.toString(16)}`;

/** Puts samples together by function. */
export function hotSpots(vcpus: readonly VcpuSamples[], names: CodeNames, samplesPerSecond: number): HotSpotReport {
  const functions = new Map<string, { known: boolean; cpus: number[]; pcs: Map<bigint, number> }>();
  vcpus.forEach(({ samples }, n) => {
    for (const [pc, count] of samples) {
      const name = names.function(pc), key = name ?? hex(pc);
      let f = functions.get(key);
      if (!f) functions.set(key, f = { known: name !== undefined, cpus: vcpus.map(() => 0), pcs: new Map() });
      f.cpus[n] += count;
      f.pcs.set(pc, (f.pcs.get(pc) ?? 0) + count);
    }
  });
  const sum = (list: Iterable<number>) => [...list].reduce((a, b) => a + b, 0);
  const cpus = vcpus.map((v) => ({ cpu: v.cpu, samples: sum(v.samples.map(([, n]) => n)), idle: v.idle })), total = sum(cpus.map((c) => c.samples));
  return {
    samplesPerSecond, samples: total, cpus, symbols: names.count,
    functions: [...functions].map(([name, f]): HotFunction => {
      const samples = sum(f.cpus);
      return {
        name, known: f.known, samples, share: samples / total, cpus: f.cpus,
        addresses: [...f.pcs].sort(([, a], [, b]) => b - a).map(([pc, n]) => ({ pc: hex(pc), place: names.code(pc), samples: n })),
      };
    }).sort((a, b) => b.samples - a.samples || (a.name < b.name ? -1 : 1)),
  };
}

const percent = (part: number, whole: number) => `${(whole === 0 ? 0 : 100 * part / whole).toFixed(2)}%`;

/** The report as text, as perf's: overhead, samples, each vCPU's, function; then the hottest addresses. `rows` of each. */
export function hotSpotText(r: HotSpotReport, rows = 60): string {
  const line = (...cells: string[]) => cells.join('  ').trimEnd();
  const shown = r.functions.slice(0, rows), width = 8;
  const addresses = r.functions.flatMap((f) => f.addresses).sort((a, b) => b.samples - a.samples).slice(0, Math.min(rows, 20));
  return [
    `# Samples: ${r.samples} of guest code, ${r.samplesPerSecond} a second and vCPU; symbols: ${r.symbols}`,
    ...r.cpus.map((c) => `# vCPU ${c.cpu}: ${c.samples} samples, ${percent(c.idle, c.idle + c.samples)} of the time halted`),
    '#', line('# Overhead', 'Samples'.padStart(width), ...r.cpus.map((c) => `vCPU ${c.cpu}`.padStart(width)), 'Function'), '#',
    ...shown.map((f) => line(percent(f.samples, r.samples).padStart(10), String(f.samples).padStart(width), ...f.cpus.map((n, k) => percent(n, r.cpus[k].samples).padStart(width)), f.name)),
    ...(r.functions.length > rows ? [`# … and ${r.functions.length - rows} more`] : []),
    '#', line('# Overhead', 'Samples'.padStart(width), 'Address'), '#',
    ...addresses.map((a) => line(percent(a.samples, r.samples).padStart(10), String(a.samples).padStart(width), a.pc, a.place === a.pc ? '' : a.place)),
    '',
  ].join('\n');
}
