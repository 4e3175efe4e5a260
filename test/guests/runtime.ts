// What the bare-metal test guests share: start-up, hexadecimal output over the PL011, power-off. Flat images for RAM + 0x80000.
import { assemble } from '../../src/asm/index.ts';

/** Physical address a flat `-kernel` image is put at on `virt`. */
export const GUEST_BASE = 0x4008_0000;

/**
 * Entry at EL1, MMU off: sets VBAR_EL1 to `vectors` and SP, enables FP, calls `main`, powers off.
 * x0…x18 are free; puts/puthex/putc change x0…x5 only.
 */
const RUNTIME = String.raw`
.equ UART, 0x09000000
_start:
    msr   daifset, #15
    ldr   x0, =stack_top
    mov   sp, x0
    mov   x0, #(3 << 20)
    msr   cpacr_el1, x0
    adr   x0, vectors
    msr   vbar_el1, x0
    isb
    bl    main
power_off:
    ldr   x0, =0x84000008
    hvc   #0
    b     .

// w0 = character
putc:
    ldr   x1, =UART
1:  ldr   w2, [x1, #0x18]
    tbnz  w2, #5, 1b
    strb  w0, [x1]
    ret
newline:
    mov   w0, #10
    b     putc
space:
    mov   w0, #32
    b     putc
// x0 = value, w3 = digits
puthexn:
    mov   x5, x30
    mov   x4, x0
1:  sub   w3, w3, #1
    lsl   w2, w3, #2
    lsr   x0, x4, x2
    and   x0, x0, #15
    cmp   x0, #10
    add   x0, x0, #'0'
    b.lo  2f
    add   x0, x0, #('a' - '0' - 10)
2:  bl    putc
    cbnz  w3, 1b
    ret   x5
puthex:
    mov   w3, #16
    b     puthexn
// x0 = zero-terminated text
puts:
    mov   x5, x30
    mov   x4, x0
1:  ldrb  w0, [x4], #1
    cbz   w0, 2f
    bl    putc
    b     1b
2:  ret   x5
.ltorg
`;

/** Sixteen exception vectors; `entry(n)` is the code of vector n (at most 32 instructions, x0…x30 of the interrupted code are live). */
export function vectorTable(entry: (n: number) => string): string {
  return ['.balign 2048', 'vectors:', ...Array.from({ length: 16 }, (_, n) => `.balign 128\n${entry(n)}`)].join('\n');
}

/** A guest image: the runtime, then `source` (which has `main` and `vectors`), then a stack. */
export function guestImage(source: string, words?: (symbols: ReadonlyMap<string, bigint>) => Uint32Array): Uint8Array {
  const { code, symbols } = assemble(`${RUNTIME}\n${source}\n.ltorg\n.balign 16\n.space 4096\nstack_top:\n.balign 4096\nimage_end:\n`, { base: GUEST_BASE });
  if (!words) return code;
  const extra = words(symbols);
  const out = new Uint8Array(code.length + extra.byteLength);
  out.set(code);
  out.set(new Uint8Array(extra.buffer, extra.byteOffset, extra.byteLength), code.length);
  return out;
}
