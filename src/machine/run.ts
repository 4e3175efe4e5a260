// Runs one machine from the command line's options to its end.
import { readFileSync, writeFileSync } from 'node:fs';
import { openChardevs, type Chardevs } from '../chardev/open.ts';
import { UserError } from '../errors.ts';
import type { MachineOptions } from './options.ts';
import { logConfig } from '../log.ts';
import { smpHello } from '../stress/guests/smp-hello.ts';
import { readBootFile } from './boot.ts';
import { VirtMachine, type VirtOptions } from './virt.ts';

const MiB = 2 ** 20;
/** Default code buffer: bytecode and wasm of about half a million TBs. */
const DEFAULT_TB_SIZE = 128 * MiB;

const version = (): string => (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** Builds the machine, runs it, resolves to the process's exit code. Errors the user made: UserError, before anything runs. */
export async function runMachine(o: MachineOptions): Promise<number> {
  const boot = o.boot.defaultGuest ? { kernel: smpHello(), names: { kernel: 'the embedded guest' } } : {
    kernel: o.boot.kernel === undefined ? undefined : readBootFile('kernel', o.boot.kernel),
    initrd: o.boot.initrd === undefined ? undefined : readBootFile('initrd', o.boot.initrd),
    dtb: o.boot.dtb === undefined ? undefined : readBootFile('dtb', o.boot.dtb),
    bios: o.boot.bios === undefined ? undefined : readBootFile('bios', o.boot.bios),
    append: o.boot.append,
    names: { kernel: o.boot.kernel, initrd: o.boot.initrd, dtb: o.boot.dtb, bios: o.boot.bios },
  };
  let ended!: (code: number) => void;
  const end = new Promise<number>((resolve) => { ended = resolve; });
  let machine: VirtMachine | undefined;
  const control = {
    quit: (code: number) => { if (machine) void machine.quit(code); else ended(code); },
    status: () => machine?.status ?? 'prelaunch',
    systemReset: () => { void machine?.reset(); },
    systemPowerdown: () => machine?.powerdown(),
    stop: () => { void machine?.pause(); },
    cont: () => machine?.resume(),
  };
  const product = `mttcg ${version()}`;
  const options = (chardevs: Pick<Chardevs, 'serial'> | undefined): VirtOptions => ({
    cpus: o.smp.cpus, cpuModel: o.cpu.model, cpuProps: o.cpu.props, gicVersion: o.virt.gicVersion, ramSize: o.memory.size,
    topology: { sockets: o.smp.sockets, clusters: o.smp.clusters, cores: o.smp.cores, threads: o.smp.threads },
    thread: o.smp.cpus > 1 ? o.accel.thread : 'multi', tbSize: o.accel.tbSize ?? DEFAULT_TB_SIZE, regions: process.env.MTTCG_REGIONS === '1',
    serial: chardevs?.serial(0), boot, nographic: o.nographic, noReboot: o.onReboot === 'shutdown', noShutdown: o.onShutdown === 'pause',
    semihosting: o.semihosting?.enable === true || o.boot.defaultGuest, randomness: o.virt.dtbRandomness, seed: o.seed, log: logConfig(),
    startPaused: o.startPaused, onExit: ended,
  });
  if (o.virt.dumpdtb !== undefined) {
    const { dtb } = new VirtMachine(options(undefined)).bootInfo;
    try {
      writeFileSync(o.virt.dumpdtb, dtb);
    } catch (e) {
      throw new UserError('dumpdtb', `cannot write the device tree to '${o.virt.dumpdtb}': ${(e as Error).message}`);
    }
    return 0;
  }
  const chardevs = await openChardevs(o, control, product);
  try {
    machine = new VirtMachine(options(chardevs));
    await machine.start();
    return await end;
  } finally {
    await chardevs.close();
  }
}
