// A guest for tests of the gdb stub: vCPU 0 starts the others, writes a variable that they watch, takes exceptions.
import { assemble } from '../../src/asm/index.ts';

/** Where a flat image is put and entered, by us and by QEMU. */
export const BASE = 0x4008_0000n;

const SOURCE = `
start:
        adr     x0, vectors
        msr     vbar_el1, x0
        // PSCI CPU_ON of vCPU 1
        ldr     x0, =0xc4000003
        mov     x1, #1
        adr     x2, secondary
        mov     x3, #7
psci:   hvc     #0
        mov     x19, #0
        adr     x20, counter
        adr     x21, flag
loop:   add     x19, x19, #1
        str     x19, [x20]
svc_at: svc     #42
after:  ldr     x22, [x21]
        cbz     x22, loop
done:   wfi
        b       done

secondary:
        adr     x20, shared
        adr     x21, counter
spin:   ldr     x1, [x21]
        cmp     x1, #5
        b.lo    spin
        mov     x2, #0x77
store:  str     w2, [x20]
stored: add     x2, x2, #1
idle:   ldr     x3, [x20, #16]
        cbz     x3, idle
        // A hot loop with a call, on a page of its own; every 65,536th time an atomic addition.
hot:    bl      work
        tst     x5, #0xffff
        b.ne    hot
        mov     x4, #1
        add     x8, x20, #24
amo:    ldadd   x4, x6, [x8]
        b       hot

        .balign 4096
work:   add     x5, x5, #1
        ldr     x7, [x20, #32]
        ret

        .balign 2048
vectors:
        .rept 4
        b       .
        .balign 128
        .endr
sync:   mrs     x10, esr_el1
        add     x11, x11, #1
        eret
        .balign 2048
counter: .quad 0
flag:    .quad 0
shared:  .quad 0
        .quad 0
release: .quad 0
total:   .quad 0
read:    .quad 0x1234
`;

const program = assemble(SOURCE, { base: BASE });
export const gdbGuest = program.code;
/** Address of a label. */
export const at = (label: string): bigint => program.symbols.get(label)!;
/** The same as gdb writes it. */
export const hex = (label: string): string => `0x${at(label).toString(16)}`;
