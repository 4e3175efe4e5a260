// -numa: nodes, distances, places of vCPUs.
import type { NumaArgument, NumaOption } from '../machine/numa.ts';
import { parseInteger, QemuOpts } from './qemu-opts.ts';

const CPU_KEYS = ['node-id', 'socket-id', 'die-id', 'cluster-id', 'core-id', 'thread-id'] as const;

/** UserErrors with QEMU's texts; whether nodes exist and the rest fits is known when all options are (NumaConfig). */
export function parseNuma(text: string): NumaArgument {
  const opts = new QemuOpts('-numa', text, 'type');
  const integer = (key: string, kind = 'a uint64 value') => {
    const value = opts.string(key), n = value === undefined ? undefined : parseInteger(value);
    if (value !== undefined && n === undefined) throw opts.error(`Parameter '${key}' expects ${kind}`);
    return n;
  };
  const needed = (key: string, kind: string, limit: number) => {
    const n = integer(key, kind);
    if (n === undefined) throw opts.error(`Parameter '${key}' is missing`);
    if (n > limit) throw opts.error(`Parameter '${key}' expects ${kind}`);
    return n;
  };
  const option = (): NumaOption => {
    const type = opts.string('type');
    switch (type) {
      case 'node': {
        const cpus = opts.strings('cpus').flatMap((range) => cpuRange(opts, range));
        return { type, nodeid: integer('nodeid'), mem: opts.size('mem', 'M'), memdev: opts.string('memdev'), initiator: integer('initiator'), ...(cpus.length > 0 ? { cpus } : {}) };
      }
      case 'dist': return { type, src: needed('src', 'uint16_t', 0xffff), dst: needed('dst', 'uint16_t', 0xffff), val: needed('val', 'uint8_t', 0xff) };
      case 'cpu': return { type, ...Object.fromEntries(CPU_KEYS.map((key) => [key, integer(key, 'an int64 value')] as const).filter(([, n]) => n !== undefined)) };
      case 'hmat-lb': case 'hmat-cache':
        throw opts.error('ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with -machine hmat=on before using any of hmat specific options');
      case undefined: case '': throw opts.error("Parameter 'type' is missing");
      default: throw opts.error(`Parameter 'type' does not accept value '${type}'`);
    }
  };
  const parsed = option();
  opts.finish();
  return { where: opts.where, option: parsed };
}

/** `2` or `0-3`. */
function cpuRange(opts: QemuOpts, text: string): number[] {
  const [first, last = first, ...more] = text.split('-').map(parseInteger);
  if (first === undefined || last === undefined || more.length > 0 || last < first || last - first > 0xffff) throw opts.error("Parameter 'cpus' expects a uint64 value or range");
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
