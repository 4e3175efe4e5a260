// The device tree of the `virt` board: the nodes and properties QEMU 7.2 generates for `-M virt`, in its order.
import { createHash, randomBytes } from 'node:crypto';
import { cells, FdtNode, flatten, strings } from './fdt.ts';
import type { Cell, Fdt } from './fdt.ts';
import type { NumaTopology } from './numa.ts';
import {
  APB_CLOCK_HZ, GPIO_PIN_POWER, mpAffinity, NUM_VIRTIO_TRANSPORTS, VIRT_FLASH_SIZE, VIRT_HIGH_MEMMAP, VIRT_IRQMAP, VIRT_MEMMAP, VIRT_PPI,
} from './virt-map.ts';
import type { GicVersion, MemMapEntry } from './virt-map.ts';

/** `-smp` topology; the product is the number of vCPUs. */
export interface CpuTopology {
  readonly sockets: number;
  readonly clusters: number;
  readonly cores: number;
  readonly threads: number;
}

export interface VirtDtbOptions {
  readonly cpus: number;
  /** `-cpu` model name. */
  readonly cpuModel: string;
  readonly gicVersion: GicVersion;
  /** Bytes of RAM from VIRT_MEMMAP.MEM.base. */
  readonly ramSize: number;
  /** All cores in one cluster of one socket when absent. */
  readonly topology?: CpuTopology;
  readonly numa?: NumaTopology;
  /** How PSCI is called; 'none' leaves it out. `hvc` without EL2 and EL3. */
  readonly psci?: 'hvc' | 'smc' | 'none';
  /** Parts a machine may lack; all present when absent, as in QEMU. `its` concerns GICv3, `v2m` GICv2. */
  readonly its?: boolean;
  readonly v2m?: boolean;
  readonly pcie?: boolean;
  readonly pmu?: boolean;
  readonly platformBus?: boolean;
  /** PCIe windows above 256 GiB. */
  readonly highmem?: boolean;
  /** First phandle (`phandle-start`). */
  readonly phandleStart?: number;
  /** kaslr-seed and rng-seed in /chosen (`dtb-randomness`). */
  readonly randomness?: boolean;
  /** Makes those deterministic (`-seed`). */
  readonly seed?: string | number | bigint;
}

const SPI = 0;
const PPI = 1;
const EDGE_LO_HI = 1;
const LEVEL_HI = 4;
const KEY_POWER = 116;
/** PCI address space codes of `ranges` (PCI bus binding, IEEE 1275-1994). */
const PCI_IO = 0x01000000;
const PCI_MEM32 = 0x02000000;
const PCI_MEM64 = 0x03000000;
const PCIE_BUS_BYTES = 1024 * 1024;

const hex = (n: number) => n.toString(16);
/** Property without a value. */
const flag = new Uint8Array(0);
/** Address and size as two cells each. */
const reg = (...entries: readonly MemMapEntry[]) => cells(...entries.flatMap((e) => [BigInt(e.base), BigInt(e.size)]));
const spi = (irq: number, trigger = LEVEL_HI) => cells(SPI, irq, trigger);

/** Phandles in the order QEMU hands them out: clock, CPUs from the last to the first, GIC, MSI controller, GPIO. */
interface Phandles {
  readonly clock: number;
  readonly cpu: (index: number) => number;
  readonly gic: number;
  readonly msi: number | undefined;
  readonly gpio: number;
}

function allocatePhandles(o: VirtDtbOptions): Phandles {
  let next = o.phandleStart ?? 0x8000;
  const clock = next++;
  const firstCpu = next;
  next += o.cpus;
  const gic = next++;
  const msi = (o.gicVersion === 3 ? o.its : o.v2m) ?? true ? next++ : undefined;
  return { clock, cpu: (index) => firstCpu + o.cpus - 1 - index, gic, msi, gpio: next };
}

/** Value of /cpus/cpu@N compatible for a `-cpu` model: QEMU 7.2's `max` calls itself a Cortex-A57. */
export function cpuCompatible(model: string): string {
  return model === 'max' ? 'arm,cortex-a57' : `arm,${model}`;
}

/** The board's tree, without boot arguments and initrd (src/machine/boot.ts adds those). */
export function virtTree(o: VirtDtbOptions): Fdt {
  const ph = allocatePhandles(o);
  const nodes = [
    ...(o.psci === 'none' ? [] : [psciNode(o.psci ?? 'hvc')]),
    ...memoryNodes(o),
    ...(o.platformBus ?? true ? [platformBusNode(ph)] : []),
    fwCfgNode(),
    ...Array.from({ length: NUM_VIRTIO_TRANSPORTS }, (_, i) => virtioNode(i)),
    gpioKeysNode(ph),
    gpioNode(ph),
    ...(o.pcie ?? true ? [pcieNode(o, ph)] : []),
    rtcNode(ph),
    uartNode(ph),
    ...(o.pmu ?? true ? [pmuNode(o)] : []),
    gicNode(o, ph),
    flashNode(),
    cpusNode(o, ph),
    timerNode(o),
    ...(o.numa?.distances ? [distanceMap(o.numa.distances)] : []),
    clockNode(ph),
    chosenNode(o),
  ];
  const root = new FdtNode('', {
    'interrupt-parent': cells(ph.gic),
    model: strings('linux,dummy-virt'),
    '#size-cells': cells(2),
    '#address-cells': cells(2),
    compatible: strings('linux,dummy-virt'),
  }, nodes);
  return { root, reservations: [], bootCpu: 0 };
}

/** The board's tree as a DTB. */
export function virtDtb(o: VirtDtbOptions): Uint8Array {
  return flatten(virtTree(o));
}

/** Function numbers of PSCI 0.2 and 1.0, 64-bit calls where there are any (Arm DEN 0022). */
export function psciNode(method: 'hvc' | 'smc'): FdtNode {
  return new FdtNode('psci', {
    migrate: cells(0xc4000005),
    cpu_on: cells(0xc4000003),
    cpu_off: cells(0x84000002),
    cpu_suspend: cells(0xc4000001),
    method: strings(method),
    compatible: strings('arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'),
  });
}

/** One node for all RAM, or one a NUMA node that has some, from the last to the first. */
function memoryNodes({ ramSize, numa }: VirtDtbOptions): FdtNode[] {
  let base: number = VIRT_MEMMAP.MEM.base;
  const node = (size: number, id: Record<string, Uint8Array>) => {
    const memory = new FdtNode(`memory@${hex(base)}`, { ...id, reg: reg({ base, size }), device_type: strings('memory') });
    base += size;
    return memory;
  };
  if (!numa) return [node(ramSize, {})];
  return numa.nodes.filter((n) => n.mem > 0).map((n) => node(n.mem, { 'numa-node-id': cells(n.id) })).reverse();
}

/** Triples of node, node, distance. */
function distanceMap(distances: readonly (readonly number[])[]): FdtNode {
  return new FdtNode('distance-map', {
    'distance-matrix': cells(...distances.flatMap((row, src) => row.flatMap((value, dst) => [src, dst, value]))),
    compatible: strings('numa-distance-map-v1'),
  });
}

function platformBusNode(ph: Phandles): FdtNode {
  const { base, size } = VIRT_MEMMAP.PLATFORM_BUS;
  return new FdtNode(`platform-bus@${hex(base)}`, {
    'interrupt-parent': cells(ph.gic),
    ranges: cells(0, BigInt(base), size),
    '#address-cells': cells(1),
    '#size-cells': cells(1),
    compatible: strings('qemu,platform', 'simple-bus'),
  });
}

function fwCfgNode(): FdtNode {
  return new FdtNode(`fw-cfg@${hex(VIRT_MEMMAP.FW_CFG.base)}`, {
    'dma-coherent': flag,
    reg: reg(VIRT_MEMMAP.FW_CFG),
    compatible: strings('qemu,fw-cfg-mmio'),
  });
}

function virtioNode(slot: number): FdtNode {
  const size = VIRT_MEMMAP.MMIO.size;
  const base = VIRT_MEMMAP.MMIO.base + slot * size;
  return new FdtNode(`virtio_mmio@${hex(base)}`, {
    'dma-coherent': flag,
    interrupts: spi(VIRT_IRQMAP.MMIO + slot, EDGE_LO_HI),
    reg: reg({ base, size }),
    compatible: strings('virtio,mmio'),
  });
}

function gpioKeysNode(ph: Phandles): FdtNode {
  return new FdtNode('gpio-keys', { compatible: strings('gpio-keys') }, [
    new FdtNode('poweroff', {
      gpios: cells(ph.gpio, GPIO_PIN_POWER, 0),
      'linux,code': cells(KEY_POWER),
      label: strings('GPIO Key Poweroff'),
    }),
  ]);
}

function gpioNode(ph: Phandles): FdtNode {
  return new FdtNode(`pl061@${hex(VIRT_MEMMAP.GPIO.base)}`, {
    phandle: cells(ph.gpio),
    'clock-names': strings('apb_pclk'),
    clocks: cells(ph.clock),
    interrupts: spi(VIRT_IRQMAP.GPIO),
    'gpio-controller': flag,
    '#gpio-cells': cells(2),
    compatible: strings('arm,pl061', 'arm,primecell'),
    reg: reg(VIRT_MEMMAP.GPIO),
  });
}

function pcieNode(o: VirtDtbOptions, ph: Phandles): FdtNode {
  const high = o.highmem ?? true;
  const { PCIE_MMIO, PCIE_PIO } = VIRT_MEMMAP;
  const ecam = high ? VIRT_HIGH_MEMMAP.HIGH_PCIE_ECAM : VIRT_MEMMAP.PCIE_ECAM;
  const highMmio = VIRT_HIGH_MEMMAP.HIGH_PCIE_MMIO;
  const ranges: Cell[] = [
    PCI_IO, 0n, BigInt(PCIE_PIO.base), BigInt(PCIE_PIO.size),
    PCI_MEM32, BigInt(PCIE_MMIO.base), BigInt(PCIE_MMIO.base), BigInt(PCIE_MMIO.size),
  ];
  if (high) ranges.push(PCI_MEM64, BigInt(highMmio.base), BigInt(highMmio.base), BigInt(highMmio.size));
  // INTA…INTD rotate by device number over the four interrupts
  const map: number[] = [];
  for (let device = 0; device < 4; device++) {
    for (let pin = 0; pin < 4; pin++) {
      map.push(device << 11, 0, 0, pin + 1, ph.gic, 0, 0, SPI, VIRT_IRQMAP.PCIE + ((pin + device) % 4), LEVEL_HI);
    }
  }
  const node = new FdtNode(`pcie@${hex(PCIE_MMIO.base)}`, {
    'interrupt-map-mask': cells(0x1800, 0, 0, 7),
    'interrupt-map': cells(...map),
    '#interrupt-cells': cells(1),
    ranges: cells(...ranges),
    reg: reg(ecam),
  });
  if (ph.msi !== undefined) node.set('msi-map', cells(0, ph.msi, 0, 0x10000));
  return node
    .set('dma-coherent', flag)
    .set('bus-range', cells(0, ecam.size / PCIE_BUS_BYTES - 1))
    .set('linux,pci-domain', cells(0))
    .set('#size-cells', cells(2))
    .set('#address-cells', cells(3))
    .set('device_type', strings('pci'))
    .set('compatible', strings('pci-host-ecam-generic'));
}

function rtcNode(ph: Phandles): FdtNode {
  return new FdtNode(`pl031@${hex(VIRT_MEMMAP.RTC.base)}`, {
    'clock-names': strings('apb_pclk'),
    clocks: cells(ph.clock),
    interrupts: spi(VIRT_IRQMAP.RTC),
    reg: reg(VIRT_MEMMAP.RTC),
    compatible: strings('arm,pl031', 'arm,primecell'),
  });
}

const UART_NAME = `pl011@${hex(VIRT_MEMMAP.UART.base)}`;

function uartNode(ph: Phandles): FdtNode {
  return new FdtNode(UART_NAME, {
    'clock-names': strings('uartclk', 'apb_pclk'),
    clocks: cells(ph.clock, ph.clock),
    interrupts: spi(VIRT_IRQMAP.UART),
    reg: reg(VIRT_MEMMAP.UART),
    compatible: strings('arm,pl011', 'arm,primecell'),
  });
}

/** Third interrupt cell of a PPI: on a GICv2 with the mask of CPUs it goes to. */
function ppiFlags(o: VirtDtbOptions): number {
  return o.gicVersion === 2 ? LEVEL_HI | (((1 << Math.min(o.cpus, 8)) - 1) << 8) : LEVEL_HI;
}

function pmuNode(o: VirtDtbOptions): FdtNode {
  return new FdtNode('pmu', { interrupts: cells(PPI, VIRT_PPI.PMU, ppiFlags(o)), compatible: strings('arm,armv8-pmuv3') });
}

function gicNode(o: VirtDtbOptions, ph: Phandles): FdtNode {
  const { GIC_DIST, GIC_CPU, GIC_REDIST, GIC_ITS, GIC_V2M } = VIRT_MEMMAP;
  const node = new FdtNode(`intc@${hex(GIC_DIST.base)}`, { phandle: cells(ph.gic) });
  if (o.gicVersion === 3) {
    node.set('reg', reg(GIC_DIST, GIC_REDIST)).set('#redistributor-regions', cells(1)).set('compatible', strings('arm,gic-v3'));
  } else {
    node.set('reg', reg(GIC_DIST, GIC_CPU)).set('compatible', strings('arm,cortex-a15-gic'));
  }
  node.set('ranges', flag).set('#size-cells', cells(2)).set('#address-cells', cells(2)).set('interrupt-controller', flag).set('#interrupt-cells', cells(3));
  if (ph.msi !== undefined) {
    node.children.push(o.gicVersion === 3
      ? new FdtNode(`its@${hex(GIC_ITS.base)}`, {
          phandle: cells(ph.msi), reg: reg(GIC_ITS), '#msi-cells': cells(1), 'msi-controller': flag, compatible: strings('arm,gic-v3-its'),
        })
      : new FdtNode(`v2m@${hex(GIC_V2M.base)}`, {
          phandle: cells(ph.msi), reg: reg(GIC_V2M), 'msi-controller': flag, compatible: strings('arm,gic-v2m-frame'),
        }));
  }
  return node;
}

function flashNode(): FdtNode {
  const { base } = VIRT_MEMMAP.FLASH;
  const size = VIRT_FLASH_SIZE;
  return new FdtNode(`flash@${hex(base)}`, {
    'bank-width': cells(4),
    reg: reg({ base, size }, { base: base + size, size }),
    compatible: strings('cfi-flash'),
  });
}

function cpusNode(o: VirtDtbOptions, ph: Phandles): FdtNode {
  const compatible = strings(cpuCompatible(o.cpuModel));
  const list = Array.from({ length: o.cpus }, (_, index) => {
    const numa: Record<string, Uint8Array> = o.numa ? { 'numa-node-id': cells(o.numa.nodeOf(index)) } : {};
    const node = new FdtNode(`cpu@${index}`, { phandle: cells(ph.cpu(index)), ...numa, reg: cells(mpAffinity(index, o.gicVersion)) });
    if (o.cpus > 1 && o.psci !== 'none') node.set('enable-method', strings('psci'));
    return node.set('compatible', compatible).set('device_type', strings('cpu'));
  });
  return new FdtNode('cpus', { '#size-cells': cells(0), '#address-cells': cells(1) }, [cpuMapNode(o, ph), ...list]);
}

/** socketN/clusterN/coreN[/threadN], vCPUs in order; the thread level only when a core has several. */
function cpuMapNode(o: VirtDtbOptions, ph: Phandles): FdtNode {
  const t = o.topology ?? { sockets: 1, clusters: 1, cores: o.cpus, threads: 1 };
  let index = 0;
  const leaf = (name: string) => new FdtNode(name, { cpu: cells(ph.cpu(index++)) });
  const group = (name: string, count: number, child: (i: number) => FdtNode) =>
    new FdtNode(name, {}, Array.from({ length: count }, (_, i) => child(i)));
  return group('cpu-map', t.sockets, (s) =>
    group(`socket${s}`, t.clusters, (c) =>
      group(`cluster${c}`, t.cores, (k) =>
        t.threads === 1 ? leaf(`core${k}`) : group(`core${k}`, t.threads, (n) => leaf(`thread${n}`)))));
}

function timerNode(o: VirtDtbOptions): FdtNode {
  const { TIMER_S_EL1, TIMER_NS_EL1, TIMER_VIRT, TIMER_NS_EL2 } = VIRT_PPI;
  return new FdtNode('timer', {
    interrupts: cells(...[TIMER_S_EL1, TIMER_NS_EL1, TIMER_VIRT, TIMER_NS_EL2].flatMap((irq) => [PPI, irq, ppiFlags(o)])),
    'always-on': flag,
    compatible: strings('arm,armv8-timer', 'arm,armv7-timer'),
  });
}

function clockNode(ph: Phandles): FdtNode {
  return new FdtNode('apb-pclk', {
    phandle: cells(ph.clock),
    'clock-output-names': strings('clk24mhz'),
    'clock-frequency': cells(APB_CLOCK_HZ),
    '#clock-cells': cells(0),
    compatible: strings('fixed-clock'),
  });
}

function chosenNode(o: VirtDtbOptions): FdtNode {
  const node = new FdtNode('chosen', { 'stdout-path': strings(`/${UART_NAME}`) });
  if (!(o.randomness ?? true)) return node;
  const random = (name: string, length: number) =>
    o.seed === undefined ? randomBytes(length) : createHash('sha256').update(`${name}:${o.seed}`).digest().subarray(0, length);
  return node.set('rng-seed', random('rng-seed', 32)).set('kaslr-seed', random('kaslr-seed', 8));
}
