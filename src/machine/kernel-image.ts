// Recognises what `-kernel` was given: arm64 Image (plain, gzip, EFI zboot), AArch64 ELF, or a flat binary.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { UserError } from '../errors.ts';

/** Most bytes a compressed kernel may unpack to, as in QEMU. */
const MAX_GUNZIP_BYTES = 256 * 1024 * 1024;

/** arm64 Image header (Linux Documentation/arch/arm64/booting.rst), byte offsets. */
const IMAGE = { TEXT_OFFSET: 8, IMAGE_SIZE: 16, FLAGS: 24, MAGIC: 56, HEADER: 64 } as const;
const IMAGE_MAGIC = 0x644d5241; // "ARM\x64"
const IMAGE_FLAG_BIG_ENDIAN = 1n;

/** ELF constants (System V gABI). */
const ELF_MAGIC = 0x464c457f;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const PT_LOAD = 1;
const EM_AARCH64 = 183;
const ELF_HEADER = 64;
const ELF_PHDR = 56;
const ELF_MACHINES: Readonly<Record<number, string>> = {
  2: 'SPARC', 3: 'x86 (32-bit)', 8: 'MIPS', 20: 'PowerPC', 21: 'PowerPC64', 22: 's390', 40: '32-bit Arm',
  62: 'x86-64', 243: 'RISC-V', 258: 'LoongArch',
};

/** A piece of the image at an absolute physical address; `size` ≥ bytes, the rest is zero. */
export interface ElfSegment {
  readonly pa: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

export type KernelImage =
  /** `textOffset`: from a 2 MiB boundary, undefined when the header leaves it open; `size`: memory it occupies. */
  | { readonly kind: 'image'; readonly bytes: Uint8Array; readonly textOffset: number | undefined; readonly size: number }
  | { readonly kind: 'elf'; readonly entry: number; readonly segments: readonly ElfSegment[] }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array; readonly size: number };

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const isGzip = (bytes: Uint8Array) => bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Unpacks a kernel as far as needed and says what it is. `name` is for messages. Throws UserError. */
export function recogniseKernel(file: Uint8Array, name: string): KernelImage {
  if (file.length === 0) throw new UserError('kernel-empty', `kernel '${name}' is empty`);
  const bytes = unpack(file, name);
  if (bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === ELF_MAGIC) return readElf(bytes, name);
  rejectForeign(bytes, name);
  return readImage(bytes, name) ?? { kind: 'raw', bytes, size: bytes.length };
}

/** A gzip file or the payload of an EFI zboot image; anything else as it is. */
export function unpack(bytes: Uint8Array, name: string): Uint8Array {
  if (isGzip(bytes)) return inflate(() => gunzipSync(bytes, { maxOutputLength: MAX_GUNZIP_BYTES }), name, 'gzip');
  const payload = zbootPayload(bytes, name);
  if (!payload) return bytes;
  const options = { maxOutputLength: MAX_GUNZIP_BYTES };
  switch (payload.compression) {
    case 'gzip': return inflate(() => gunzipSync(payload.bytes, options), name, 'gzip');
    case 'zstd': return inflate(() => zstdDecompressSync(payload.bytes, options), name, 'zstd');
    default: throw new UserError('kernel-compression', `kernel '${name}' is compressed with ${payload.compression}, which is not supported`, 'give it gzip or zstd compressed, or as a plain Image');
  }
}

function inflate(run: () => Buffer, name: string, format: string): Uint8Array {
  try {
    const { buffer, byteOffset, byteLength } = run();
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'Z_BUF_ERROR' || code === 'ZSTD_error_srcSize_wrong') throw new UserError('kernel-truncated', `kernel '${name}' is a truncated ${format} file`, 'download or copy it again');
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new UserError('kernel-too-large', `kernel '${name}' unpacks to more than ${MAX_GUNZIP_BYTES / 2 ** 20} MiB`);
    throw new UserError('kernel-corrupt', `kernel '${name}' is a damaged ${format} file (${(error as Error).message})`, 'download or copy it again');
  }
}

/** Linux's EFI zboot header: "MZ", "zimg" at 4, payload offset and size at 8 and 12, compression name at 24. */
function zbootPayload(bytes: Uint8Array, name: string): { bytes: Uint8Array; compression: string } | undefined {
  if (bytes.length < 64) return undefined;
  const view = viewOf(bytes);
  if (view.getUint16(0, true) !== 0x5a4d || view.getUint32(4) !== 0x7a696d67) return undefined;
  const offset = view.getUint32(8, true);
  const size = view.getUint32(12, true);
  if (offset + size > bytes.length) throw new UserError('kernel-truncated', `kernel '${name}' is a truncated EFI zboot image`, 'download or copy it again');
  const compression = String.fromCharCode(...bytes.subarray(24, 56)).split('\0')[0];
  return { bytes: bytes.subarray(offset, offset + size), compression };
}

/** Kernels of other machines that would otherwise count as flat binaries and run into nowhere. */
function rejectForeign(bytes: Uint8Array, name: string): void {
  const view = viewOf(bytes);
  if (bytes.length > 0x206 && view.getUint16(0x1fe, true) === 0xaa55 && view.getUint32(0x202) === 0x48647253) {
    throw new UserError('kernel-not-aarch64', `kernel '${name}' is an x86 Linux bzImage, not AArch64`, 'use a kernel built for arm64');
  }
  if (bytes.length > 64 && view.getUint32(0) === 0x27051956) {
    throw new UserError('kernel-uimage', `kernel '${name}' is a U-Boot uImage, which is not supported`, 'use the Image or Image.gz inside it');
  }
}

function readImage(bytes: Uint8Array, name: string): KernelImage | undefined {
  if (bytes.length < IMAGE.HEADER) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(IMAGE.MAGIC, true) !== IMAGE_MAGIC) return undefined;
  if (view.getBigUint64(IMAGE.FLAGS, true) & IMAGE_FLAG_BIG_ENDIAN) {
    throw new UserError('kernel-big-endian', `kernel '${name}' is big-endian`, 'use a little-endian arm64 kernel');
  }
  // kernels before 3.17 leave image_size 0, and text_offset is not to be trusted then
  const imageSize = Number(view.getBigUint64(IMAGE.IMAGE_SIZE, true));
  if (imageSize === 0) return { kind: 'image', bytes, textOffset: undefined, size: bytes.length };
  return { kind: 'image', bytes, textOffset: Number(view.getBigUint64(IMAGE.TEXT_OFFSET, true)), size: Math.max(imageSize, bytes.length) };
}

function readElf(bytes: Uint8Array, name: string): KernelImage {
  const damaged = (what: string) => new UserError('kernel-bad-elf', `kernel '${name}' is a damaged ELF file: ${what}`);
  if (bytes.length < 20) throw damaged('the header is cut off');
  const view = viewOf(bytes);
  const little = bytes[5] === ELFDATA2LSB;
  const machine = view.getUint16(18, little);
  if (machine !== EM_AARCH64) {
    const article = (ELF_MACHINES[machine] ?? '').startsWith('x86') ? 'an' : 'a';
    const what = ELF_MACHINES[machine] ? `${article} ${ELF_MACHINES[machine]} ELF` : `an ELF for machine ${machine}`;
    throw new UserError('kernel-not-aarch64', `kernel '${name}' is ${what}, not AArch64`, 'use a kernel built for arm64');
  }
  if (bytes[4] !== ELFCLASS64) throw new UserError('kernel-not-aarch64', `kernel '${name}' is a 32-bit ELF (ILP32), not AArch64`);
  if (!little) throw new UserError('kernel-big-endian', `kernel '${name}' is a big-endian ELF`, 'use a little-endian arm64 kernel');
  if (bytes.length < ELF_HEADER) throw damaged('the header is cut off');
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) throw new UserError('kernel-not-executable', `kernel '${name}' is an ELF object that has not been linked`);

  const phoff = Number(view.getBigUint64(32, true));
  const phnum = view.getUint16(56, true);
  if (phnum && view.getUint16(54, true) !== ELF_PHDR) throw damaged('odd program header size');
  if (phoff + phnum * ELF_PHDR > bytes.length) throw damaged('program headers outside the file');
  const segments: ElfSegment[] = [];
  for (let i = 0; i < phnum; i++) {
    const at = phoff + i * ELF_PHDR;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const field = (offset: number) => Number(view.getBigUint64(at + offset, true));
    const offset = field(8), pa = field(24), fileSize = field(32), size = field(40);
    if (size === 0) continue;
    if (fileSize > size) throw damaged(`segment ${i} has more bytes in the file than in memory`);
    if (offset + fileSize > bytes.length) throw damaged(`segment ${i} is cut off`);
    segments.push({ pa, bytes: bytes.subarray(offset, offset + fileSize), size });
  }
  if (segments.length === 0) throw damaged('nothing to load');
  return { kind: 'elf', entry: Number(view.getBigUint64(24, true)), segments };
}
