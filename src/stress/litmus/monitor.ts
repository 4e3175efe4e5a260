// The guest program that runs test threads: brings the vCPUs up, waits for work in a mailbox, reports ends and exceptions.
import { assemble } from '../../asm/index.ts';
import { RAM_BASE } from '../machine.ts';

/**
 * Guest physical memory, identity-mapped as normal cacheable memory:
 *   MONITOR  this program
 *   MAILBOX  512 bytes a vCPU, see MAILBOX_*
 *   SYNC     how far each thread is, one 128-byte line each, for synchronised starts
 *   CODE     code of the tests' threads
 *   RECORDS  what each thread reads and writes per instance (src/stress/litmus/program.ts)
 *   DATA     the tests' variables
 */
export const MAP = {
  MONITOR: RAM_BASE + 0x80000, MAILBOX: RAM_BASE + 0x100000, SYNC: RAM_BASE + 0x110000,
  CODE: RAM_BASE + 0x200000, CODE_END: RAM_BASE + 0x3000000,
  RECORDS: RAM_BASE + 0x3000000, RECORDS_END: RAM_BASE + 0x7000000,
  DATA: RAM_BASE + 0x7000000, END: RAM_BASE + 0xf000000,
} as const;

/** Size of RAM, bytes. */
export const RAM_SIZE = 0xf000000;

/** Bytes from one vCPU's mailbox to the next. */
export const MAILBOX_SIZE = 512;
/**
 * A mailbox: SEQ, ENTRY, RECORD are the host's (SEQ last, atomic), the others the vCPU's, on another line; DONE last, by
 * STLR. The host may write while DONE = SEQ, the vCPU works while they differ.
 */
export const MAILBOX = { SEQ: 0, ENTRY: 8, RECORD: 16, DONE: 128, ESR: 136, ELR: 144, FAR: 152, CURRENT: 160 } as const;

/** Bytes from one thread's progress word to the next. */
export const SYNC_LINE = 128;
/** Most polls of the others' progress before an instance starts without them; written by the host before a batch. */
export const SYNC_CAP = 64 * SYNC_LINE;
/** In a thread's line: the polls it has patience for now. A quarter after each wait in vain, down to SYNC_ALONE or less. */
export const SYNC_PATIENCE = 4;
export const SYNC_ALONE = 64;

const SOURCE = String.raw`
.equ UART,        0x09000000
.equ PSCI_CPU_ON, 0xc4000003
_start:
    mov   x27, #0                       // x27 = this vCPU
    mov   x20, #1
1:  lsr   x2, x20, #4                   // MPIDR affinity: 16 vCPUs a cluster
    and   x1, x20, #15
    orr   x1, x1, x2, lsl #8
    ldr   x0, =PSCI_CPU_ON
    adr   x2, secondary
    mov   x3, x20
    hvc   #0
    cbnz  x0, enter                     // no more vCPUs
    add   x20, x20, #1
    b     1b
secondary:
    mov   x27, x0
enter:
    msr   daifset, #15
    ldr   x0, =page_table
    ldr   x1, =0x0060000000000401       // first GiB: device memory, not executable
    str   x1, [x0]
    ldr   x1, =0x40000705               // second GiB: normal, write-back, inner shareable
    str   x1, [x0, #8]
    dsb   sy
    mov   x1, #0xff00                   // MAIR: 0 = Device-nGnRnE, 1 = normal write-back
    msr   mair_el1, x1
    ldr   x1, =0x0000000100803519       // 39-bit addresses, 4 KiB granule, write-back walks, EPD1
    msr   tcr_el1, x1
    msr   ttbr0_el1, x0
    adr   x1, vectors
    msr   vbar_el1, x1
    mov   x1, #(3 << 20)                // FP and SIMD
    msr   cpacr_el1, x1
    isb
    mrs   x1, sctlr_el1
    mov   x2, #0x1005                   // M, C, I
    orr   x1, x1, x2
    msr   sctlr_el1, x1
    isb
    ldr   x0, =MAILBOXES
    add   x0, x0, x27, lsl #9
    msr   tpidr_el1, x0
    mov   w1, #0
    b     wait
finished:
    mrs   x0, tpidr_el1
    str   xzr, [x0, #ESR]
report:
    ldr   w1, [x0, #CURRENT]
    add   x2, x0, #DONE
    stlr  w1, [x2]
    ldr   x3, =UART                     // the host looks at DONE when it gets this
    str   w1, [x3]
// x0 = mailbox, w1 = work already done
wait:
1:  ldar  w2, [x0]
    cmp   w2, w1
    b.ne  2f
    wfe
    b     1b
2:  str   w2, [x0, #CURRENT]
    ldp   x3, x4, [x0, #ENTRY]
    mov   sp, x4
    br    x3
exception:
    mrs   x0, tpidr_el1
    mrs   x1, esr_el1
    str   x1, [x0, #ESR]
    mrs   x1, elr_el1
    str   x1, [x0, #ELR]
    mrs   x1, far_el1
    str   x1, [x0, #FAR]
    b     report
.ltorg
.balign 2048
vectors:
.rept 16
    b     exception
    .balign 128
.endr
.balign 4096
page_table: .space 4096
`;

/** The image and the address a test thread jumps to when it has finished. */
export function monitor(): { image: Uint8Array; finished: number } {
  const equates = [...Object.entries(MAILBOX).map(([k, v]) => `.equ ${k}, ${v}`), `.equ MAILBOXES, ${MAP.MAILBOX}`].join('\n');
  const { code, symbols } = assemble(`${equates}\n${SOURCE}`, { base: MAP.MONITOR });
  return { image: code, finished: Number(symbols.get('finished')) };
}
