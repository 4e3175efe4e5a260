// Commands about guest memory: sizes, back ends, saving it to files.
import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { systemMessage } from '../../errors.ts';
import type { VirtMachine } from '../../machine/virt.ts';
import type { QmpContext } from '../context.ts';
import { invalidParameter, QmpError } from '../errors.ts';
import type { QmpHandlers } from '../server.ts';

/** Bytes copied at a time: the main thread serves devices in between. */
const CHUNK = 1 << 20;
const PAGE = 4096;

/** Creates the file and gives it to `fill`. QmpErrors with QEMU's texts. */
async function withFile(filename: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(filename, 'w');
  } catch (error) {
    throw new QmpError(`Could not open '${filename}': ${systemMessage(error)}`);
  }
  try {
    await fill(file);
  } catch (error) {
    if (error instanceof QmpError) throw error;
    throw new QmpError('An IO error has occurred');
  } finally {
    await file.close();
  }
}

async function save(filename: string, address: bigint, size: number, read: (address: bigint, n: number) => Uint8Array | undefined): Promise<void> {
  if (size < 0) throw invalidParameter('size', 'a number of bytes');
  await withFile(filename, async (file) => {
    for (let at = 0; at < size; at += CHUNK) {
      const n = Math.min(CHUNK, size - at), here = BigInt.asUintN(64, address + BigInt(at)), bytes = read(here, n);
      if (!bytes) throw new QmpError(`Invalid addr 0x${BigInt.asUintN(64, address).toString(16).padStart(16, '0')}/size ${size} specified`);
      await file.write(bytes);
    }
  });
}

/** Virtual memory that is not RAM all over: page by page, and devices register by register. */
function readPages(machine: VirtMachine, cpu: VirtMachine['cpus'][number], address: bigint, length: number): Uint8Array | undefined {
  const out = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const va = BigInt.asUintN(64, address + BigInt(at)), n = Math.min(length - at, PAGE - Number(va % BigInt(PAGE))), pa = machine.inspect.translate(cpu, va);
    if (pa === undefined) return undefined;
    const { bytes, mapped } = machine.inspect.readPhysical(pa, n), piece = mapped ? bytes : machine.readDevice(pa, n, pa % 4 === 0 && n % 4 === 0 ? 4 : 1);
    if (!piece) return undefined;
    out.set(piece, at);
    at += n;
  }
  return out;
}

export const memoryCommands = {
  'query-memory-size-summary': ({ options }) => ({ 'base-memory': options.memory.size, 'plugged-memory': 0 }),
  'query-memdev': ({ qom }) => qom.memdevs().map(({ id, size }) => ({
    id, size, merge: true, dump: true, prealloc: false, share: false, reserve: true, 'host-nodes': [], policy: 'default' as const,
  })),
  memsave: async ({ vm, options }, { val, size, filename, 'cpu-index': index }) => {
    if (index !== undefined && (index < 0 || index >= options.smp.cpus)) throw invalidParameter('cpu-index', 'a CPU number');
    const machine = vm.machine!, cpu = machine.cpus[index ?? 0];
    await save(filename, BigInt(val), size, (at, n) => machine.inspect.readVirtual(cpu, at, n) ?? readPages(machine, cpu, at, n));
  },
  pmemsave: async ({ vm }, { val, size, filename }) => {
    await save(filename, BigInt(val), size, (at, n) => vm.machine!.inspect.readPhysical(Number(at), n).bytes);
  },
  dumpdtb: async ({ vm }, { filename }) => {
    try {
      await writeFile(filename, vm.machine!.bootInfo.dtb);
    } catch (error) {
      throw new QmpError(`Error saving FDT to file ${filename}: ${systemMessage(error)}`);
    }
  },
} satisfies Partial<QmpHandlers<QmpContext>>;
