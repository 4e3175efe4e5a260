// Text form of recorded GIC accesses, shared by the recorder (scripts/golden/gic-golden.ts) and the replaying test.

export interface TraceConfig {
  readonly version: 2 | 3;
  readonly cpus: number;
}

/** One access. Space `d` is the distributor, `c` the redistributors (GICv3) or the CPU interface (GICv2). */
export type Access =
  | { op: 'r'; cpu: number; size: number; space: 'd' | 'c'; offset: number }
  | { op: 'w'; cpu: number; size: number; space: 'd' | 'c'; offset: number; value: number }
  | { op: 'ir'; cpu: number; name: string }
  | { op: 'iw'; cpu: number; name: string; value: bigint }
  | { op: 'spi'; line: number; level: boolean }
  | { op: 'ppi'; cpu: number; line: number; level: boolean };

export interface Outcome {
  /** Value read; 0 after writes. */
  value: number;
  /** The access was UNDEFINED. */
  undef: boolean;
  /** A digit a vCPU: bit 0 = IRQ, bit 1 = FIQ. */
  signals: string;
}

const hex = (v: number | bigint) => v.toString(16);

/** One line: the access, what it read if it reads, and the signals if they changed. */
export function formatAccess(a: Access, o: Outcome, signalsBefore: string): string {
  const tail = o.signals === signalsBefore ? '' : ` !${o.signals}`;
  const result = o.undef ? 'undef' : hex(o.value);
  switch (a.op) {
    case 'r': return `${a.cpu} r${a.size} ${a.space}${hex(a.offset)} = ${result}${tail}`;
    case 'w': return `${a.cpu} w${a.size} ${a.space}${hex(a.offset)} ${hex(a.value)}${tail}`;
    case 'ir': return `${a.cpu} ir ${a.name} = ${result}${tail}`;
    case 'iw': return `${a.cpu} iw ${a.name} ${hex(a.value)}${o.undef ? ' = undef' : ''}${tail}`;
    case 'spi': return `- spi ${a.line} ${Number(a.level)}${tail}`;
    case 'ppi': return `${a.cpu} ppi ${a.line} ${Number(a.level)}${tail}`;
  }
}

/** The inverse of formatAccess. */
export function parseAccess(line: string, signalsBefore: string): { access: Access; outcome: Outcome } {
  const words = line.split(' ');
  const signals = words.at(-1)!.startsWith('!') ? words.pop()!.slice(1) : signalsBefore;
  const cpu = Number(words[0]);
  const op = words[1];
  const equals = words.indexOf('=');
  const undef = words.at(-1) === 'undef';
  const value = equals < 0 || undef ? 0 : parseInt(words[equals + 1], 16);
  const outcome = { value, undef, signals };
  const place = () => ({ cpu, size: Number(op[1]), space: words[2][0] as 'd' | 'c', offset: parseInt(words[2].slice(1), 16) });
  switch (op.replace(/[124]$/, '')) {
    case 'r': return { access: { op: 'r', ...place() }, outcome };
    case 'w': return { access: { op: 'w', ...place(), value: parseInt(words[3], 16) }, outcome };
    case 'ir': return { access: { op: 'ir', cpu, name: words[2] }, outcome };
    case 'iw': return { access: { op: 'iw', cpu, name: words[2], value: BigInt(`0x${words[3]}`) }, outcome };
    case 'spi': return { access: { op: 'spi', line: Number(words[2]), level: words[3] === '1' }, outcome };
    case 'ppi': return { access: { op: 'ppi', cpu, line: Number(words[2]), level: words[3] === '1' }, outcome };
    default: throw new Error(`not a trace line: ${line}`);
  }
}

/** A trace file: a `# {config}` line, then accesses. */
export function parseTrace(text: string): { config: TraceConfig; steps: { access: Access; outcome: Outcome; line: string }[] } {
  const [head, ...lines] = text.trimEnd().split('\n');
  const config = JSON.parse(head.slice(2)) as TraceConfig;
  let signals = '0'.repeat(config.cpus);
  return {
    config,
    steps: lines.map((line) => {
      const step = { ...parseAccess(line, signals), line };
      signals = step.outcome.signals;
      return step;
    }),
  };
}
