// Boot protocol of Arm boards: where kernel, initrd and device tree go in RAM, and the first instructions that run (QEMU's rules).
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import {
  FW_CFG_CMDLINE_DATA, FW_CFG_CMDLINE_SIZE, FW_CFG_INITRD_DATA, FW_CFG_INITRD_SIZE, FW_CFG_KERNEL_DATA, FW_CFG_KERNEL_SIZE,
} from '../hw/nvram/fw-cfg.ts';
import { FdtError, FdtNode, flatten, parseFdt, sizedCells, strings } from './fdt.ts';
import type { Fdt } from './fdt.ts';
import { recogniseKernel, unpack } from './kernel-image.ts';
import type { KernelImage } from './kernel-image.ts';
import { psciNode } from './virt-dtb.ts';

const MiB = 1024 * 1024;
/** Where a kernel without a load address goes, from the start of RAM. */
export const KERNEL64_LOAD_ADDR = 0x80000;
/** The boot stub owns this much at the start of RAM; an Image that wants to be there moves up by 2 MiB. */
export const BOOTLOADER_MAX_SIZE = 4096;
/** A kernel may map only 2 MiB around the tree in early boot: it is aligned to that and may not be larger. */
const DTB_ALIGN = 2 * MiB;
const PAGE = 4096;
const GiB4 = 2 ** 32;

/** Guest RAM as the loader sees it: `base`, `size` in bytes, absolute physical addresses. */
export interface BootRam {
  readonly base: number;
  readonly size: number;
  write(pa: number, bytes: Uint8Array): void;
}

/** Bytes at a physical address; up to `size` the rest is zero. Written at start and again at each reset (guests scribble). */
export interface Blob {
  readonly name: string;
  readonly pa: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

export interface BootOptions {
  /** Absent: firmware alone. */
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  /** File names for messages. */
  readonly names?: { readonly kernel?: string; readonly initrd?: string; readonly dtb?: string; readonly bios?: string };
  /** `-append`. */
  readonly append?: string;
  /** The board's own tree; used unless `dtb` is given. */
  readonly tree: Fdt;
  /** `-dtb`: the user's tree, completed as QEMU does. */
  readonly dtb?: Uint8Array;
  /** What a user's tree without /psci gets. */
  readonly psci?: 'hvc' | 'smc' | 'none';
  readonly ram: BootRam;
}

/** What the boot CPU starts with, and what is in RAM then. Secondary CPUs start powered off. */
export interface BootInfo {
  /** First program counter of the boot CPU (the stub's for Linux boots); its general registers are 0. */
  readonly pc: number;
  /** Entry point of the kernel itself. */
  readonly entry: number;
  /** Address of the tree; undefined when an ELF leaves no room for it. */
  readonly dtbAddr: number | undefined;
  /** The final tree: what `dumpdtb` writes. */
  readonly dtb: Uint8Array;
  /** First and one past the last byte. */
  readonly initrd: { readonly start: number; readonly end: number } | undefined;
  readonly blobs: readonly Blob[];
}

const alignUp = (n: number, a: number) => Math.ceil(n / a) * a;
const hex = (n: number) => `0x${n.toString(16)}`;
const mib = (n: number) => `${Math.ceil(n / MiB)} MiB`;

/** Reads a file named on the command line; UserError `<what>-missing` when it cannot. `what` names it in messages. */
export function readBootFile(what: 'kernel' | 'initrd' | 'dtb' | 'bios' | 'symbols', path: string): Uint8Array {
  try {
    // Not a copy: freeing tens of MiB once makes glibc keep as much of what each thread frees later.
    const { buffer, byteOffset, byteLength } = readFileSync(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : code === 'EACCES' ? 'permission denied' : (error as Error).message;
    throw new UserError(`${what}-missing`, `could not load ${what} '${path}': ${why}`);
  }
}

/** Places everything, checks that it fits, writes it to RAM. Nothing is written when it throws (UserError). */
export function loadKernel(options: BootOptions & { readonly kernel: Uint8Array }): BootInfo {
  const name = options.names?.kernel ?? 'kernel';
  const image = recogniseKernel(options.kernel, name);
  const info = image.kind === 'elf' ? planElf(options, image, name) : planLinux(options, image, name);
  writeBlobs(options.ram, info.blobs);
  return info;
}

/**
 * Boot from flash 0: checks and copies `bios`, puts the tree at the start of RAM, starts at address 0.
 * `flash` is the flash's contents; without `bios` they stay as they are.
 */
export function loadFirmware(options: BootOptions & { readonly bios?: Uint8Array; readonly flash: Uint8Array }): BootInfo {
  const { bios, flash, ram } = options;
  const name = options.names?.bios ?? 'bios';
  if (bios?.length === 0) throw new UserError('bios-empty', `firmware '${name}' is empty`);
  if (bios && bios.length > flash.length) throw new UserError('bios-too-large', `firmware '${name}' (${mib(bios.length)}) does not fit the ${mib(flash.length)} of flash`);
  const dtb = finishDtb(options, undefined);
  if (dtb.length > ram.size) throw noRoomForDtb();
  const blobs = [blob('dtb', ram.base, dtb)];
  if (bios) flash.set(bios);
  writeBlobs(ram, blobs);
  return { pc: 0, entry: 0, dtbAddr: ram.base, dtb, initrd: undefined, blobs };
}

/** fw_cfg items by which firmware finds `-kernel`, `-initrd` and `-append`: number and contents. */
export function firmwareItems(options: Pick<BootOptions, 'kernel' | 'initrd' | 'append' | 'names'>): readonly (readonly [number, Uint8Array])[] {
  const le32 = (n: number) => Uint8Array.of(n, n >> 8, n >> 16, n >>> 24);
  const items: [number, Uint8Array][] = [];
  const add = (sizeKey: number, dataKey: number, bytes: Uint8Array) => items.push([sizeKey, le32(bytes.length)], [dataKey, bytes]);
  if (options.kernel) add(FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, unpack(options.kernel, options.names?.kernel ?? 'kernel'));
  if (options.initrd) add(FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, options.initrd);
  if (options.append) add(FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA, strings(options.append));
  return items;
}

/** Writes blobs with their zero tails: at start, and at every reset. */
export function writeBlobs(ram: BootRam, blobs: readonly Blob[]): void {
  for (const { pa, bytes, size } of blobs) {
    ram.write(pa, bytes);
    for (let at = bytes.length; at < size; at += MiB) ram.write(pa + at, new Uint8Array(Math.min(MiB, size - at)));
  }
}

/**
 * The instructions at the start of RAM that enter a Linux kernel: x0 = tree, x1…x3 = 0, jump
 * (Linux Documentation/arch/arm64/booting.rst, "Call the kernel image").
 */
export function bootStub(dtbAddr: number, entry: number): Uint8Array {
  const insns = [
    0x580000c0, // ldr x0, dtb
    0xaa1f03e1, // mov x1, xzr
    0xaa1f03e2, // mov x2, xzr
    0xaa1f03e3, // mov x3, xzr
    0x58000084, // ldr x4, entry
    0xd61f0080, // br x4
  ];
  const bytes = new Uint8Array(4 * insns.length + 16);
  const view = new DataView(bytes.buffer);
  insns.forEach((insn, i) => view.setUint32(4 * i, insn, true));
  view.setBigUint64(4 * insns.length, BigInt(dtbAddr), true);
  view.setBigUint64(4 * insns.length + 8, BigInt(entry), true);
  return bytes;
}

const blob = (name: string, pa: number, bytes: Uint8Array, size = bytes.length): Blob => ({ name, pa, bytes, size });
const noRoomForDtb = () => new UserError('dtb-no-space', 'not enough RAM for the device tree after kernel and initrd', 'give the machine more memory with -m');

/** Image or flat binary: stub at the start of RAM, then kernel, initrd, tree in this order. */
function planLinux(options: BootOptions, image: Exclude<KernelImage, { kind: 'elf' }>, name: string): BootInfo {
  const { ram } = options;
  const ramEnd = ram.base + ram.size;
  let offset = image.kind === 'image' && image.textOffset !== undefined ? image.textOffset : KERNEL64_LOAD_ADDR;
  if (offset < BOOTLOADER_MAX_SIZE) offset += 2 * MiB;
  const entry = ram.base + offset;
  const kernelEnd = entry + image.size;
  if (kernelEnd > ramEnd) {
    throw new UserError('kernel-too-large', `kernel '${name}' (${mib(image.size)} at offset ${hex(offset)}) does not fit the ${mib(ram.size)} of RAM`, 'give the machine more memory with -m');
  }
  // halfway into small RAM, at 128 MiB in larger: clear of a kernel that unpacks itself, yet low
  const initrdStart = alignUp(Math.max(ram.base + Math.min(ram.size / 2, 128 * MiB), kernelEnd), PAGE);
  const initrd = placeInitrd(options, initrdStart, ramEnd);
  const dtbAddr = alignUp(initrd?.end ?? initrdStart, DTB_ALIGN);
  const dtb = finishDtb(options, initrd);
  if (dtbAddr + dtb.length > ramEnd) throw noRoomForDtb();
  const blobs = [
    blob('bootloader', ram.base, bootStub(dtbAddr, entry)),
    blob('kernel', entry, image.bytes, image.bytes.length),
    ...(initrd && options.initrd ? [blob('initrd', initrd.start, options.initrd)] : []),
    blob('dtb', dtbAddr, dtb),
  ];
  return { pc: ram.base, entry, dtbAddr, dtb, initrd, blobs };
}

function placeInitrd(options: BootOptions, start: number, ramEnd: number): BootInfo['initrd'] {
  const { initrd, names } = options;
  if (!initrd) return undefined;
  const name = names?.initrd ?? 'initrd';
  if (initrd.length === 0) throw new UserError('initrd-empty', `initrd '${name}' is empty`);
  const end = start + initrd.length;
  if (end > ramEnd) {
    throw new UserError('initrd-too-large', `initrd '${name}' (${mib(initrd.length)}) does not fit into RAM after the kernel`, 'give the machine more memory with -m');
  }
  return { start, end };
}

/**
 * A bare-metal ELF: segments at their physical addresses, started at its entry with all registers 0;
 * the tree at the start of RAM when the ELF leaves room below itself. No initrd, as in QEMU.
 */
function planElf(options: BootOptions, image: Extract<KernelImage, { kind: 'elf' }>, name: string): BootInfo {
  const { ram } = options;
  for (const { pa, size } of image.segments) {
    if (pa < ram.base || pa + size > ram.base + ram.size) {
      throw new UserError('kernel-outside-ram', `kernel '${name}' wants ${mib(size)} at ${hex(pa)}, outside RAM (${mib(ram.size)} at ${hex(ram.base)})`, 'link it for addresses in RAM; a Linux kernel boots as Image, not as vmlinux');
    }
  }
  const lowest = Math.min(...image.segments.map((s) => s.pa));
  const dtb = finishDtb(options, undefined);
  const dtbAddr = ram.base + dtb.length <= lowest ? ram.base : undefined;
  const blobs = image.segments.map((s, i) => blob(`kernel segment ${i}`, s.pa, s.bytes, s.size));
  if (dtbAddr !== undefined) blobs.push(blob('dtb', dtbAddr, dtb));
  return { pc: image.entry, entry: image.entry, dtbAddr, dtb, initrd: undefined, blobs };
}

/** The tree with boot arguments and initrd. The user's is completed: memory of this machine, /psci. */
function finishDtb(options: BootOptions, initrd: BootInfo['initrd']): Uint8Array {
  const fdt = options.dtb ? parseUserDtb(options.dtb, options.names?.dtb ?? 'dtb') : { ...options.tree, root: cloneNode(options.tree.root) };
  if (options.dtb) {
    setMemory(fdt.root, options.ram.base, options.ram.size);
    if ((options.psci ?? 'hvc') !== 'none' && !fdt.root.child('psci')) fdt.root.children.unshift(psciNode(options.psci === 'smc' ? 'smc' : 'hvc'));
  }
  setChosen(fdt.root, options.append, initrd);
  const dtb = flatten(fdt);
  if (dtb.length > DTB_ALIGN) throw new UserError('dtb-too-large', `the device tree has ${dtb.length} bytes; kernels take at most 2 MiB`);
  return dtb;
}

/** Reads a `-dtb` file. UserError `dtb-malformed` says what is wrong with it. */
export function parseUserDtb(bytes: Uint8Array, name: string): Fdt {
  if (bytes.length === 0) throw new UserError('dtb-empty', `device tree '${name}' is empty`);
  try {
    return parseFdt(bytes);
  } catch (error) {
    if (!(error instanceof FdtError)) throw error;
    throw new UserError('dtb-malformed', `device tree '${name}' is malformed: ${error.message}`, 'make it with dtc -O dtb');
  }
}

function cloneNode(node: FdtNode): FdtNode {
  return new FdtNode(node.name, Object.fromEntries(node.props), node.children.map(cloneNode));
}

/** Sets bootargs and linux,initrd-start/-end in /chosen, which is added when missing. */
export function setChosen(root: FdtNode, append: string | undefined, initrd: BootInfo['initrd']): void {
  const chosen = root.ensure('chosen');
  if (append) chosen.set('bootargs', strings(append));
  if (!initrd) return;
  // one cell while it fits, as QEMU writes it; kernels take either width
  const width = initrd.end < GiB4 ? 1 : 2;
  chosen.set('linux,initrd-start', sizedCells(width, initrd.start)).set('linux,initrd-end', sizedCells(width, initrd.end));
}

/** Replaces every /memory node by one for this machine's RAM, in the tree's own cell sizes. */
export function setMemory(root: FdtNode, base: number, size: number): void {
  const addressCells = root.getCells('#address-cells')?.[0] ?? 2;
  const sizeCells = root.getCells('#size-cells')?.[0] ?? 1;
  for (const [what, n] of [['#address-cells', addressCells], ['#size-cells', sizeCells]] as const) {
    if (n !== 1 && n !== 2) throw new UserError('dtb-malformed', `the device tree's root has ${what} ${n}; 1 or 2 can be used`);
  }
  if (sizeCells === 1 && size >= GiB4) throw new UserError('dtb-small-cells', 'the device tree cannot describe 4 GiB of RAM or more: #size-cells is 1');
  const others = root.children.filter((node) => !/^memory(@|$)/.test(node.name));
  const reg = new Uint8Array([...sizedCells(addressCells, base), ...sizedCells(sizeCells, size)]);
  root.children.splice(0, root.children.length, new FdtNode(`memory@${base.toString(16)}`, { reg, device_type: strings('memory') }), ...others);
}

/** The largest piece of RAM that no blob is in. */
export function largestGap(base: number, size: number, blobs: readonly Blob[]): { base: number; limit: number } {
  let best = { base, limit: base }, at = base;
  for (const b of [...blobs].sort((x, y) => x.pa - y.pa).concat({ name: 'end', pa: base + size, bytes: new Uint8Array(0), size: 0 })) {
    if (b.pa - at > best.limit - best.base) best = { base: at, limit: b.pa };
    at = Math.max(at, b.pa + b.size);
  }
  return best;
}
