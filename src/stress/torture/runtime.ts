// What every torture guest stands on: start-up of all vCPUs with the MMU on, barriers, random numbers, faults, the report.

/** Physical address a flat `-kernel` image is put at on `virt`. */
export const IMAGE_BASE = 0x4008_0000;
/** First bytes of the result block. */
export const MAGIC = 0x3152_5554_524f_5421n;
/** vCPUs a guest can have. */
export const MAX_VCPUS = 64;

/** The result block, label `result`; the host reads it from outside. Bytes. */
export const RESULT = { magic: 0, status: 8, vcpus: 16, records: 64 } as const;
export const STATUS_PASS = 1n, STATUS_FAIL = 2n;
/** The CPU has no FEAT_LSE, which the guest needs. */
export const STATUS_NO_LSE = 3n;
/** One record a vCPU, written by that vCPU only until it has finished. Bytes. */
export const RECORD = { bytes: 128, ops: 0, failures: 8, code: 16, expected: 24, got: 32, where: 40, state: 48, counters: 64 } as const;
export const STATE_FINISHED = 2n;
/** Failure codes of the runtime itself; guests use 1…255. Unexpected exceptions: FAIL_EXCEPTION + vector, got = ESR, expected = FAR. */
export const FAIL_CPU_ON = 0x1000, FAIL_EXCEPTION = 0x2000;

/** What one run is told. */
export interface GuestParameters {
  vcpus: number;
  /** Ticks of the 62.5 MHz system counter. */
  ticks: number;
  seed: bigint;
  needsLse: boolean;
}

/** Constants that runtime and guests are assembled with. */
const parameters = (p: GuestParameters): string => `
.equ NCPUS, ${p.vcpus}
.equ TICKS, ${p.ticks}
.equ SEED,  0x${BigInt.asUintN(64, p.seed).toString(16)}
.equ MAGIC, 0x${MAGIC.toString(16)}
.equ STATUS_PASS, ${STATUS_PASS}
.equ STATUS_FAIL, ${STATUS_FAIL}
.equ STATUS_NO_LSE, ${STATUS_NO_LSE}
.equ NEEDS_LSE, ${p.needsLse ? 1 : 0}
.equ MAX_CPUS, ${MAX_VCPUS}
.equ RESULT_RECORDS, ${RESULT.records}
.equ R_BYTES, ${RECORD.bytes}
.equ R_OPS, ${RECORD.ops}
.equ R_FAILURES, ${RECORD.failures}
.equ R_CODE, ${RECORD.code}
.equ R_EXPECTED, ${RECORD.expected}
.equ R_GOT, ${RECORD.got}
.equ R_WHERE, ${RECORD.where}
.equ R_STATE, ${RECORD.state}
.equ R_COUNT, ${RECORD.counters}
.equ FAIL_CPU_ON, ${FAIL_CPU_ON}
.equ FAIL_EXCEPTION, ${FAIL_EXCEPTION}
`;

/**
 * Registers of a guest: x28 shared data, x27 this vCPU's number, x26 its record, x25 random state, x24 number of vCPUs;
 * the runtime's calls clobber x0…x17 at most. A guest defines test_setup (vCPU 0, before the others start), test_run
 * (each vCPU, until rt_more says 0; counts in [x26, R_OPS]) and test_check (vCPU 0, when all have finished).
 * RAM: the image, stacks from STACKS, page tables from TABLES, the guest's own memory from ARENA to ARENA_END, all zero.
 * Mapping: device memory, RAM one to one as a 1 GiB block, WINDOW 512 pages whose level 3 table is WINDOW_L3.
 */
const RUNTIME = String.raw`
.equ UART,      0x09000000
.equ STACKS,    0x41000000
.equ STACK_LG,  14
.equ TABLES,    0x41200000
.equ WINDOW_L3, TABLES + 0x2000
.equ WINDOW,    0x80000000
.equ ARENA,     0x41400000
.equ ARENA_END, 0x43f00000
.equ ASID,      5
// Page descriptors: normal memory, inner shareable, AF; nG for the window.
.equ PAGE_NORMAL, 0x707
.equ PAGE_NG,     0xf07

// Records a failure: code, and two registers.
.macro fail code, expected, got
    mov   x17, \got
    mov   x1, \expected
    mov   x2, x17
    mov   x0, #\code
    bl    rt_fail
.endm
// Fails unless two registers are equal.
.macro check_eq code, expected, got
    cmp   \expected, \got
    b.eq  .Leq\@
    fail  \code, \expected, \got
.Leq\@:
.endm
// rd = next random number of this vCPU (xorshift64).
.macro random rd
    eor   x25, x25, x25, lsl #13
    eor   x25, x25, x25, lsr #7
    eor   x25, x25, x25, lsl #17
    mov   \rd, x25
.endm
// rd = address of a label.
.macro addr rd, label
    adrp  \rd, \label
    add   \rd, \rd, :lo12:\label
.endm
// rd = address of a word of the runtime's shared data.
.macro shared rd, name
    add   \rd, x28, #\name - data
.endm
// Counts n operations of this vCPU; clobbers x17.
.macro ops n
    ldr   x17, [x26, #R_OPS]
    add   x17, x17, #\n
    str   x17, [x26, #R_OPS]
.endm
// Adds one to a counter (0…7) of this vCPU's record; clobbers x17.
.macro count n
    ldr   x17, [x26, #R_COUNT + 8 * \n]
    add   x17, x17, #1
    str   x17, [x26, #R_COUNT + 8 * \n]
.endm
// Makes n bytes of code written at register 'at' visible to instruction fetch on every vCPU; clobbers x16, x17.
.macro sync_code at, n
    mov   x16, \at
    mov   x17, #(\n + 63) / 64 + 1
.Lsc\@:
    dc    cvau, x16
    add   x16, x16, #64
    subs  x17, x17, #1
    b.ne  .Lsc\@
    dsb   ish
    mov   x16, \at
    mov   x17, #(\n + 63) / 64 + 1
.Lsd\@:
    ic    ivau, x16
    add   x16, x16, #64
    subs  x17, x17, #1
    b.ne  .Lsd\@
    dsb   ish
    isb
.endm

_start:
    mov   x27, #0
    bl    rt_cpu_init
.if NEEDS_LSE
    mrs   x1, id_aa64isar0_el1          // Atomic, bits 23…20
    ubfx  x1, x1, #20, #4
    mov   x0, #STATUS_NO_LSE
    cbz   x1, rt_conclude
.endif
    bl    test_setup
    mov   x19, #1
1:  cmp   x19, x24
    b.eq  3f
    and   x1, x19, #15                  // MPIDR affinity: 16 vCPUs a cluster
    lsr   x2, x19, #4
    orr   x1, x1, x2, lsl #8
    ldr   x0, =0xc4000003               // PSCI CPU_ON
    adr   x2, secondary
    mov   x3, x19
    hvc   #0
    cbz   x0, 2f
    fail  FAIL_CPU_ON, x19, x0
    b     rt_finish
2:  add   x19, x19, #1
    b     1b
3:  mrs   x0, cntvct_el0
    ldr   x1, =TICKS
    add   x0, x0, x1
    str   x0, [x28, #deadline - data]
    bl    rt_participate
    bl    test_check
rt_finish:
    // Sums failures up, reports, ends the machine.
    add   x0, x28, #result + RESULT_RECORDS - data
    mov   x1, #0
    mov   x2, x24
1:  ldr   x3, [x0, #R_FAILURES]
    add   x1, x1, x3
    add   x0, x0, #R_BYTES
    subs  x2, x2, #1
    b.ne  1b
    cmp   x1, #0
    mov   x0, #STATUS_FAIL
    mov   x2, #STATUS_PASS
    csel  x0, x0, x2, ne
    bl    rt_conclude

secondary:
    mov   x27, x0
    bl    rt_cpu_init
    bl    rt_participate
rt_off:
    ldr   x0, =0x84000002               // PSCI CPU_OFF
    hvc   #0
    b     .

// The end of test_run for a vCPU that has lost its stack.
rt_leave:
    mov   x0, #2
    str   x0, [x26, #R_STATE]
    bl    rt_barrier
    b     rt_off

// One vCPU's part of the test, between two barriers.
rt_participate:
    str   x30, [sp, #-16]!
    mov   x0, #1
    str   x0, [x26, #R_STATE]
    bl    rt_barrier
    bl    test_run
    mov   x0, #2
    str   x0, [x26, #R_STATE]
    bl    rt_barrier
    ldr   x30, [sp], #16
    ret

// Sets the registers of vCPU x27 up, MMU on.
rt_cpu_init:
    msr   daifset, #15
    msr   spsel, #1
    ldr   x28, =data
    ldr   x24, =NCPUS
    mov   x1, #R_BYTES
    ldr   x26, =result + RESULT_RECORDS
    madd  x26, x27, x1, x26
    ldr   x0, =STACKS
    add   x1, x27, #1
    add   x0, x0, x1, lsl #STACK_LG
    mov   sp, x0
    // Random state: the seed, mixed with the number; never 0.
    ldr   x0, =SEED
    ldr   x1, =0x9e3779b97f4a7c15
    add   x2, x27, #1
    madd  x25, x1, x2, x0
    cmp   x25, #0
    csel  x25, x1, x25, eq
    ldr   x0, =vectors
    msr   vbar_el1, x0
    mov   x0, #(3 << 20)
    msr   cpacr_el1, x0
    ldr   x0, =TABLES
    cbnz  x27, 2f
    // Level 1: device memory, RAM, the window; level 2 of the window.
    ldr   x1, =0x0060000000000401       // block, AF, AttrIndx 0, UXN, PXN
    str   x1, [x0]
    ldr   x1, =0x40000705               // block, AF, inner shareable, AttrIndx 1
    str   x1, [x0, #8]
    ldr   x1, =TABLES + 0x1003
    str   x1, [x0, #16]
    ldr   x1, =WINDOW_L3 + 3
    add   x2, x0, #0x1000
    str   x1, [x2]
    dsb   ish
2:  mov   x1, #0xff00                   // MAIR: 0 = Device-nGnRnE, 1 = normal write-back
    msr   mair_el1, x1
    ldr   x1, =0x0000000100803519       // T0SZ = 25, write-back walks, inner shareable, EPD1, 36-bit PA
    msr   tcr_el1, x1
    ldr   x1, =ASID << 48
    orr   x0, x0, x1
    msr   ttbr0_el1, x0
    isb
    tlbi  vmalle1
    dsb   nsh
    mrs   x1, sctlr_el1
    mov   x2, #0x1005                   // M, C, I
    orr   x1, x1, x2
    msr   sctlr_el1, x1
    isb
    ret

// w0 = 1 while the test is to go on. vCPU 0 watches the clock for all; clobbers x16, x17.
rt_more:
    shared x16, stop
    ldar  x17, [x16]
    cbnz  x17, 1f
    mov   w0, #1
    cbnz  x27, 2f
    mrs   x17, cntvct_el0
    ldr   x0, [x28, #deadline - data]
    cmp   x17, x0
    mov   w0, #1
    b.lo  2f
    mov   x17, #1
    stlr  x17, [x16]
1:  mov   w0, #0
2:  ret

// rt_more for guests that go in rounds: the same answer on every vCPU, and one round at least. Two barriers.
rt_more_all:
    str   x30, [sp, #-16]!
    cbnz  x27, 1f
    bl    rt_more
    ldr   x16, [x26, #R_OPS]
    cmp   x16, #0
    csinc w0, w0, wzr, ne
    str   x0, [x28, #go_on - data]
1:  bl    rt_barrier
    ldr   x0, [x28, #go_on - data]
    str   x0, [sp, #8]
    bl    rt_barrier
    ldr   x0, [sp, #8]
    ldr   x30, [sp], #16
    ret

// Waits for all vCPUs; clobbers x0…x4.
rt_barrier:
    shared x1, barrier_count
    shared x2, barrier_round
    ldar  x3, [x2]
1:  ldaxr x0, [x1]
    add   x0, x0, #1
    cmp   x0, x24
    csel  x0, xzr, x0, eq
    stlxr w4, x0, [x1]
    cbnz  w4, 1b
    b.ne  2f
    add   x3, x3, #1
    stlr  x3, [x2]
    ret
2:  ldar  x0, [x2]
    cmp   x0, x3
    b.ne  3f
    yield
    b     2b
3:  ret

// Records a failure: x0 = code, x1 = expected, x2 = got; the first one of a vCPU stays. All vCPUs stop. Clobbers x16, x17.
rt_fail:
    ldr   x16, [x26, #R_FAILURES]
    add   x17, x16, #1
    str   x17, [x26, #R_FAILURES]
    cbnz  x16, 1f
    str   x0, [x26, #R_CODE]
    str   x1, [x26, #R_EXPECTED]
    str   x2, [x26, #R_GOT]
    str   x30, [x26, #R_WHERE]
1:  shared x16, stop
    mov   x17, #1
    stlr  x17, [x16]
    ret

// --- exceptions ---
// x0…x18, x29, x30, ELR, SPSR are saved; the hook of the vector is called with x0 = vector and x1 = the frame.
.equ FRAME, 192
.equ F_ELR, 176
rt_exception:
    stp   x2, x3, [sp, #16]
    stp   x4, x5, [sp, #32]
    stp   x6, x7, [sp, #48]
    stp   x8, x9, [sp, #64]
    stp   x10, x11, [sp, #80]
    stp   x12, x13, [sp, #96]
    stp   x14, x15, [sp, #112]
    stp   x16, x17, [sp, #128]
    stp   x18, x29, [sp, #144]
    str   x30, [sp, #160]
    mrs   x2, elr_el1
    mrs   x3, spsr_el1
    stp   x2, x3, [sp, #F_ELR]
    add   x2, x28, #hooks - data
    ldr   x2, [x2, x0, lsl #3]
    mov   x1, sp
    blr   x2
    ldp   x2, x3, [sp, #F_ELR]
    msr   elr_el1, x2
    msr   spsr_el1, x3
    ldr   x30, [sp, #160]
    ldp   x18, x29, [sp, #144]
    ldp   x16, x17, [sp, #128]
    ldp   x14, x15, [sp, #112]
    ldp   x12, x13, [sp, #96]
    ldp   x10, x11, [sp, #80]
    ldp   x8, x9, [sp, #64]
    ldp   x6, x7, [sp, #48]
    ldp   x4, x5, [sp, #32]
    ldp   x2, x3, [sp, #16]
    ldp   x0, x1, [sp], #FRAME
    eret

// The default hook: the machine ends at once.
rt_unexpected:
    add   x0, x0, #FAIL_EXCEPTION
    mrs   x1, far_el1
    mrs   x2, esr_el1
    ldr   x30, [sp, #F_ELR]
    bl    rt_fail_at
    mov   x0, #STATUS_FAIL
// Ends the machine with status x0.
rt_conclude:
    mov   x23, x0
    shared x1, concluding
    mov   x2, #1
1:  ldaxr x3, [x1]
    cbnz  x3, .                         // another vCPU is at it
    stxr  w3, x2, [x1]
    cbnz  w3, 1b
    add   x3, x28, #result - data
    str   x0, [x3, #8]
    ldr   x1, =MAGIC
    stlr  x1, [x3]
    bl    rt_report
    cmp   x23, #STATUS_PASS
    cset  w1, ne
// Semihosting SYS_EXIT_EXTENDED: ADP_Stopped_ApplicationExit, status w1; PSCI SYSTEM_OFF where there is none.
    sub   sp, sp, #16
    ldr   x0, =0x20026
    stp   x0, x1, [sp]
    mov   x0, #0x20
    mov   x1, sp
    hlt   #0xf000
    ldr   x0, =0x84000008
    hvc   #0
    b     .
// rt_fail with the place in the frame instead of the caller's.
rt_fail_at:
    mov   x15, x30
    bl    rt_fail
    ldr   x16, [sp, #F_ELR]
    str   x16, [x26, #R_WHERE]
    ret   x15

// --- the report ---
rt_report:
    mov   x20, x30
    adr   x0, msg_vcpus
    bl    rt_puts
    mov   x0, x24
    bl    rt_put_dec
    adr   x0, msg_ops
    bl    rt_puts
    mov   x10, #0
    add   x1, x28, #result + RESULT_RECORDS - data
    mov   x2, x24
1:  ldr   x3, [x1, #R_OPS]
    add   x10, x10, x3
    add   x1, x1, #R_BYTES
    subs  x2, x2, #1
    b.ne  1b
    mov   x0, x10
    bl    rt_put_dec
    ldr   x1, [x28, #result + 8 - data]
    adr   x0, msg_pass
    adr   x2, msg_fail
    cmp   x1, #STATUS_PASS
    csel  x0, x0, x2, eq
    bl    rt_puts
    ret   x20

// x0 = text; clobbers x0…x3.
rt_puts:
    ldr   x1, =UART
1:  ldrb  w2, [x0], #1
    cbz   w2, 3f
2:  ldr   w3, [x1, #0x18]
    tbnz  w3, #5, 2b                    // FR.TXFF
    str   w2, [x1]
    b     1b
3:  ret

// x0 = number, in decimal; clobbers x0…x4, x7.
rt_put_dec:
    mov   x7, x30
    sub   sp, sp, #32
    mov   x1, #10
    add   x2, sp, #32
    strb  wzr, [x2, #-1]!
1:  udiv  x3, x0, x1
    msub  x4, x3, x1, x0
    add   w4, w4, #'0'
    strb  w4, [x2, #-1]!
    mov   x0, x3
    cbnz  x0, 1b
    mov   x0, x2
    bl    rt_puts
    add   sp, sp, #32
    ret   x7

.ltorg
msg_vcpus: .asciz "torture: "
msg_ops:   .asciz " vCPUs, operations: "
msg_pass:  .asciz ", PASS\r\n"
msg_fail:  .asciz ", FAIL\r\n"

.balign 2048
vectors:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
.balign 128
    sub   sp, sp, #FRAME
    stp   x0, x1, [sp]
    mov   x0, #\n
    b     rt_exception
.endr

.balign 4096
data:
deadline:      .quad 0
.balign 64
stop:          .quad 0
concluding:    .quad 0
.balign 64
go_on:         .quad 0
.balign 64
barrier_count: .quad 0
.balign 64
barrier_round: .quad 0
.balign 64
// What each vector calls: EL1t, EL1h, EL0, AArch32 × sync, IRQ, FIQ, SError.
hooks:         .rept 16
               .quad rt_unexpected
               .endr
.balign 64
result:        .quad 0, 0, NCPUS
.balign 64
               .space R_BYTES * MAX_CPUS
.balign 4096
`;

/** The whole source of a guest. */
export function guestSource(guest: string, p: GuestParameters): string {
  return `${parameters(p)}${RUNTIME}
${guest}
.ltorg
`;
}
