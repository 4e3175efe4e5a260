// The embedded default guest: brings all vCPUs up by PSCI, has them fight over three kinds of lock, checks every total.
import { assemble } from '../../asm/index.ts';

/** Physical address it is linked for: where `-kernel` puts a flat binary. */
export const SMP_HELLO_BASE = 0x40080000;

const SOURCE = String.raw`
.equ UART,        0x09000000
.equ PSCI_CPU_ON, 0xc4000003
.equ MAX_CPUS,    64
.equ STACK,       4096
// Fields of a vCPU's record (64 bytes each): work done in this round.
.equ REC_SHIFT,   6

_start:
    msr   daifset, #15
    bl    mmu_on
    adrp  x28, data
    add   x28, x28, :lo12:data          // x28 = shared data, x27 = this vCPU's number, x26 = its record
    mov   x27, #0
    bl    my_record
    // Bring up vCPU 1, 2, … until PSCI refuses.
    mov   x20, #1
1:  and   x1, x20, #15                  // MPIDR affinity: 16 vCPUs a cluster
    lsr   x2, x20, #4
    orr   x1, x1, x2, lsl #8
    ldr   x0, =PSCI_CPU_ON
    adr   x2, secondary
    mov   x3, x20
    hvc   #0
    cbnz  x0, 2f
    add   x20, x20, #1
    cmp   x20, #MAX_CPUS
    b.lo  1b
2:  str   x20, [x28, #ncpus - data]
    // Wait until each has said hello.
    bl    say_hello
3:  add   x1, x28, #online - data
    ldar  x0, [x1]
    cmp   x0, x20
    b.eq  4f
    yield
    b     3b
4:  adr   x0, msg_up
    bl    puts
    mov   x0, x20
    bl    put_dec
    adr   x0, msg_up2
    bl    puts
    mov   x21, #0                       // round
    mov   x25, #0                       // failures
next_round:
    cmp   x21, #3
    b.eq  finish
    cmp   x21, #2
    b.ne  1f
    mrs   x0, id_aa64isar0_el1          // LSE: bits 23…20
    ubfx  x0, x0, #20, #4
    cbz   x0, finish
1:  bl    clear_records
    mrs   x0, cntfrq_el0
    mrs   x1, cntvct_el0
    add   x1, x1, x0
    str   x1, [x28, #deadline - data]
    str   xzr, [x28, #total - data]
    add   x0, x21, #1
    add   x1, x28, #go - data
    stlr  x0, [x1]                      // start
    bl    work
    // Everybody finished this round?
2:  add   x1, x28, #done - data
    ldar  x0, [x1]
    cmp   x0, x20
    b.eq  3f
    yield
    b     2b
3:  str   xzr, [x28, #done - data]
    bl    report
    add   x21, x21, #1
    b     next_round
finish:
    add   x1, x28, #go - data
    mov   x0, #-1
    stlr  x0, [x1]
    cbnz  x25, 1f
    adr   x0, msg_pass
    b     2f
1:  adr   x0, msg_fail
2:  bl    puts
    // Semihosting SYS_EXIT_EXTENDED: ADP_Stopped_ApplicationExit, status = failures.
    sub   sp, sp, #16
    ldr   x0, =0x20026
    stp   x0, x25, [sp]
    mov   x0, #0x20
    mov   x1, sp
    hlt   #0xf000
    ldr   x0, =0x84000008               // PSCI SYSTEM_OFF
    hvc   #0
5:  wfi
    b     5b

// A secondary vCPU: x0 = its number.
secondary:
    mov   x27, x0
    msr   daifset, #15
    bl    mmu_on
    adrp  x28, data
    add   x28, x28, :lo12:data
    bl    my_record
    bl    say_hello
    mov   x21, #0
1:  add   x1, x28, #go - data
    ldar  x0, [x1]
    cmn   x0, #1
    b.eq  3f
    add   x2, x21, #1
    cmp   x0, x2
    b.eq  2f
    yield
    b     1b
2:  bl    work
    add   x21, x21, #1
    b     1b
3:  ldr   x0, =0x84000002               // PSCI CPU_OFF
    hvc   #0
    b     3b

// One round of work for this vCPU; x21 = round. Counts in its record, then adds itself to 'done'.
work:
    mov   x15, x30
    ldr   x10, [x28, #deadline - data]
    mov   x11, #0                       // own count
    cmp   x21, #1
    b.lo  work_ticket
    b.eq  work_llsc
work_lse:
    add   x1, x28, #total - data
    mov   x0, #1
    mov   x3, #64
1:  ldadd x0, x2, [x1]
    add   x11, x11, #1
    subs  x3, x3, #1
    b.ne  1b
    mov   x3, #64
    mrs   x4, cntvct_el0
    cmp   x4, x10
    b.lo  1b
    b     work_end
work_ticket:
    add   x1, x28, #ticket - data
    add   x5, x28, #serving - data
1:  ldaxr w2, [x1]                      // take a ticket
    add   w3, w2, #1
    stxr  w4, w3, [x1]
    cbnz  w4, 1b
2:  ldar  w3, [x5]                      // wait for our turn
    cmp   w3, w2
    b.eq  3f
    yield
    b     2b
3:  ldr   x6, [x28, #total - data]
    add   x6, x6, #1
    str   x6, [x28, #total - data]
    add   w3, w3, #1
    stlr  w3, [x5]
    add   x11, x11, #1
    mrs   x4, cntvct_el0
    cmp   x4, x10
    b.lo  1b
    b     work_end
work_llsc:
    add   x1, x28, #llsc_lock - data
    mov   w7, #1
1:  ldaxr w2, [x1]
    cbnz  w2, 2f
    stxr  w3, w7, [x1]
    cbnz  w3, 1b
    ldr   x6, [x28, #total - data]
    add   x6, x6, #1
    str   x6, [x28, #total - data]
    stlr  wzr, [x1]
    add   x11, x11, #1
    mrs   x4, cntvct_el0
    cmp   x4, x10
    b.lo  1b
    b     work_end
2:  yield
    b     1b
work_end:
    str   x11, [x26]
    add   x1, x28, #done - data
1:  ldaxr x0, [x1]
    add   x0, x0, #1
    stlxr w2, x0, [x1]
    cbnz  w2, 1b
    ret   x15

// Prints the round's line: name, operations a second, share of the slowest and fastest vCPU, verdict.
report:
    mov   x19, x30
    adr   x0, names
    add   x0, x0, x21, lsl #4
    bl    puts
    ldr   x9, [x28, #ncpus - data]
    add   x10, x28, #records - data
    mov   x11, #0                       // sum
    mov   x12, #-1                      // min
    mov   x13, #0                       // max
1:  ldr   x0, [x10], #64
    add   x11, x11, x0
    cmp   x0, x12
    csel  x12, x0, x12, lo
    cmp   x0, x13
    csel  x13, x0, x13, hi
    subs  x9, x9, #1
    b.ne  1b
    mov   x22, x11
    mov   x23, x12
    mov   x24, x13
    mov   x0, x22
    bl    put_dec
    adr   x0, msg_ops
    bl    puts
    mov   x1, #100
    mul   x0, x23, x1
    udiv  x0, x0, x24
    bl    put_dec
    adr   x0, msg_fair
    bl    puts
    ldr   x0, [x28, #total - data]
    cmp   x0, x22
    b.ne  2f
    adr   x0, msg_ok
    bl    puts
    ret   x19
2:  add   x25, x25, #1
    adr   x0, msg_wrong
    bl    puts
    ldr   x0, [x28, #total - data]
    bl    put_dec
    adr   x0, msg_nl
    bl    puts
    ret   x19

clear_records:
    add   x0, x28, #records - data
    mov   x1, #MAX_CPUS
1:  str   xzr, [x0], #64
    subs  x1, x1, #1
    b.ne  1b
    ret

// x26 = record, sp = stack of vCPU x27.
my_record:
    add   x26, x28, #records - data
    add   x26, x26, x27, lsl #REC_SHIFT
    ldr   x0, =stacks
    add   x1, x27, #1
    mov   x2, #STACK
    madd  x0, x1, x2, x0
    mov   sp, x0
    ret

say_hello:
    stp   x19, x30, [sp, #-16]!
    bl    uart_lock
    adr   x0, msg_hello
    bl    puts
    mov   x0, x27
    bl    put_dec
    adr   x0, msg_el
    bl    puts
    mrs   x0, currentel
    lsr   x0, x0, #2
    bl    put_dec
    adr   x0, msg_nl
    bl    puts
    add   x1, x28, #uart_lk - data
    stlr  wzr, [x1]
    add   x1, x28, #online - data
1:  ldaxr x0, [x1]
    add   x0, x0, #1
    stlxr w2, x0, [x1]
    cbnz  w2, 1b
    ldp   x19, x30, [sp], #16
    ret

uart_lock:
    add   x1, x28, #uart_lk - data
    mov   w3, #1
1:  ldaxr w0, [x1]
    cbnz  w0, 2f
    stxr  w2, w3, [x1]
    cbnz  w2, 1b
    ret
2:  yield
    b     1b

// x0 = string.
puts:
    ldr   x1, =UART
1:  ldrb  w2, [x0], #1
    cbz   w2, 3f
2:  ldr   w3, [x1, #0x18]
    tbnz  w3, #5, 2b                    // FR.TXFF
    str   w2, [x1]
    b     1b
3:  ret

// x0 = number, in decimal.
put_dec:
    mov   x7, sp
    sub   sp, sp, #32
    mov   x1, #10
    mov   x2, x7
    strb  wzr, [x2, #-1]!
1:  udiv  x3, x0, x1
    msub  x4, x3, x1, x0
    add   w4, w4, #'0'
    strb  w4, [x2, #-1]!
    mov   x0, x3
    cbnz  x0, 1b
    ldr   x1, =UART
2:  ldrb  w3, [x2], #1
    cbz   w3, 3f
    str   w3, [x1]
    b     2b
3:  mov   sp, x7
    ret

// Identity map: first GiB device memory, second to fourth normal write-back, 1 GiB blocks; 39-bit addresses.
mmu_on:
    ldr   x0, =page_table
    ldr   x1, =0x0060000000000401       // block, AF, AttrIndx 0, UXN, PXN
    str   x1, [x0]
    mov   x2, #1
1:  lsl   x3, x2, #30
    ldr   x1, =0x705                    // block, AF, inner shareable, AttrIndx 1
    orr   x1, x1, x3
    str   x1, [x0, x2, lsl #3]
    add   x2, x2, #1
    cmp   x2, #4
    b.ne  1b
    dsb   sy
    mov   x1, #0xff00                   // MAIR: 0 = Device-nGnRnE, 1 = normal write-back
    msr   mair_el1, x1
    ldr   x1, =0x0000000100803519       // T0SZ = 25, write-back walks, inner shareable, EPD1, 36-bit PA
    msr   tcr_el1, x1
    msr   ttbr0_el1, x0
    isb
    mrs   x1, sctlr_el1
    mov   x2, #0x1005                   // M, C, I
    orr   x1, x1, x2
    msr   sctlr_el1, x1
    isb
    ret

.ltorg
msg_hello: .asciz "Hello from vCPU "
msg_el:    .asciz " at EL"
msg_up:    .asciz "All "
msg_up2:   .asciz " vCPUs are up. Each round runs one second on one shared counter.\r\n"
names:     .asciz "ticket lock    "
           .asciz "LDXR/STXR lock "
           .asciz "LSE LDADD      "
msg_ops:   .asciz " operations/s, slowest vCPU at "
msg_fair:  .asciz "% of the fastest, total "
msg_ok:    .asciz "exact\r\n"
msg_wrong: .asciz "WRONG: "
msg_nl:    .asciz "\r\n"
msg_pass:  .asciz "All totals are exact.\r\n"
msg_fail:  .asciz "SOME TOTALS ARE WRONG.\r\n"

.balign 4096
data:
ncpus:     .quad 0
deadline:  .quad 0
.balign 64
online:    .quad 0
.balign 64
go:        .quad 0
.balign 64
done:      .quad 0
.balign 64
uart_lk:   .quad 0
.balign 64
ticket:    .quad 0
.balign 64
serving:   .quad 0
.balign 64
llsc_lock: .quad 0
.balign 64
total:     .quad 0
.balign 64
records:   .space 64 * MAX_CPUS
.balign 4096
page_table: .space 4096
stacks:    .space STACK * MAX_CPUS
`;

/** The flat binary, for RAM + 0x80000. */
export function smpHello(): Uint8Array {
  return assemble(SOURCE, { base: SMP_HELLO_BASE }).code;
}

/** Its labels. */
export function smpHelloSymbols(): { address: bigint; name: string; type: string }[] {
  const { code, symbols } = assemble(SOURCE, { base: SMP_HELLO_BASE }), base = BigInt(SMP_HELLO_BASE), data = symbols.get('data')!;
  return [...symbols].filter(([, at]) => at >= base && at < base + BigInt(code.length)).map(([name, address]) => ({ address, name, type: address < data ? 'T' : 'D' }));
}
