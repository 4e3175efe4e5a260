// Guests that change code: their own, each other's, and more of it than the code buffer holds.
import type { TortureGuest } from '../guest.ts';

/**
 * Eight chained blocks, x0 += immediate each; then ret. Each block has a cache line of its own: IC IVAU of one leaves the
 * block that jumps to it alone. `name`: label of the template; block k's add is at 64 * (k + 1).
 */
const chainTemplate = (name: string): string => `
${name}:
    mov   x0, #0
    b     . + 60
    .rept 8
    .balign 64
    add   x0, x0, #0
    b     . + 60
    .endr
    .balign 64
    ret
${name}_end:
`;

/** Calls the function at `fn` for x22 ticks, checking that x0 is `expected`: so long that a region is compiled and entered. */
const HOT_CALL = String.raw`
.equ HOT_TICKS, 625000                  // 10 ms
.macro hot_call code, fn, expected
    mrs   x22, cntvct_el0
    ldr   x17, =HOT_TICKS
    add   x22, x22, x17
.Lhc\@:
    mov   x18, #128
.Lhd\@:
    blr   \fn
    check_eq \code, \expected, x0
    subs  x18, x18, #1
    b.ne  .Lhd\@
    mrs   x17, cntvct_el0
    cmp   x17, x22
    b.lo  .Lhc\@
.endm
`;

export const smc: TortureGuest = {
  name: 'smc',
  summary: 'self-modifying code: chained blocks and hot loops rewritten by the vCPU that runs them, two vCPUs a page',
  source: String.raw`
${HOT_CALL}
.equ SLOT, 2048                         // of code a vCPU: neighbours share a page
.equ LOOP_AT, 1024                      // the loop that rewrites itself, after the chain

// Each vCPU copies the templates to its slot: x19 = slot, x20 = expected sum of the chain, x21 = immediates of the chain.
test_setup:
    ret
test_run:
    str   x30, [sp, #-112]!
    ldr   x19, =ARENA
    mov   x0, #SLOT
    madd  x19, x27, x0, x19
    addr  x0, chain
    addr  x1, self_end
    sub   x1, x1, x0
    mov   x2, #0
1:  ldr   w3, [x0, x2]
    str   w3, [x19, x2]
    add   x2, x2, #4
    cmp   x2, x1
    b.lo  1b
    sync_code x19, SLOT
    mov   x20, #0
    mov   x21, sp
    add   x21, x21, #16
    mov   x2, #0
2:  str   xzr, [x21, x2, lsl #3]
    add   x2, x2, #1
    cmp   x2, #8
    b.ne  2b

next:
    // One block of the chain gets a new immediate.
    random x0
    and   x1, x0, #7                    // block
    ubfx  x2, x0, #8, #12               // immediate
    ldr   x3, [x21, x1, lsl #3]
    str   x2, [x21, x1, lsl #3]
    sub   x20, x20, x3
    add   x20, x20, x2
    ldr   w4, =0x91000000               // add x0, x0, #imm
    orr   w4, w4, w2, lsl #10
    add   x5, x19, x1, lsl #6
    add   x5, x5, #64
    str   w4, [x5]
    dc    cvau, x5
    dsb   ish
    ic    ivau, x5
    dsb   ish
    isb
    blr   x19
    check_eq 1, x20, x0
    // Now and then it becomes hot: a region is compiled.
    random x0
    tst   x0, #63
    b.ne  4f
    hot_call 2, x19, x20
    count 0
    // The hot loop that rewrites itself when x1 has come down to x4.
    random x0
    ubfx  x6, x0, #0, #12               // immediate from then on
    ubfx  x4, x0, #20, #11              // 0…2047 iterations after the change
    ldr   w7, [x19, #LOOP_AT]
    ubfx  x7, x7, #10, #12              // immediate till then
    ldr   w3, =0x91000000
    orr   w3, w3, w6, lsl #10
    add   x2, x19, #LOOP_AT
    mov   x0, #0
    mov   x1, #1 << 18
    mov   x5, x1
    sub   x5, x5, x4                    // iterations before the change, with it
    mul   x22, x5, x7
    madd  x22, x4, x6, x22
    blr   x2
    check_eq 3, x22, x0
    count 1
4:  ops   1
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #112
    ret
test_check:
    ret
.ltorg

.balign 4096
${chainTemplate('chain')}
    .space LOOP_AT - (chain_end - chain)
self:
    add   x0, x0, #0                    // the place that changes
    sub   x1, x1, #1
    cmp   x1, x4
    b.ne  1f
    str   w3, [x2]
    dc    cvau, x2
    dsb   ish
    ic    ivau, x2
    dsb   ish
    isb
1:  cbnz  x1, self
    ret
self_end:
`,
  check: (r) => (r.vcpus.every((v) => v.ops < 64n || v.counters[0] + v.counters[1] > 0n) ? [] : ['no hot code was rewritten']),
};

export const xmc: TortureGuest = {
  name: 'xmc',
  summary: 'cross-modifying code: each vCPU redirects its own branch while all run through it, without waiting for them',
  source: String.raw`
.equ TARGETS, 64
.equ SLOTS_AT, TARGETS * 8

// Page at ARENA: targets t0…t63 (mov w0, #n; ret), then a slot a vCPU: b tN. epoch[k] counts the changes of slot k.
test_setup:
    ldr   x0, =ARENA
    mov   x1, #0
    ldr   w2, =0x52800000               // movz w0, #0
    ldr   w3, =0xd65f03c0               // ret
1:  orr   w4, w2, w1, lsl #5
    stp   w4, w3, [x0], #8
    add   x1, x1, #1
    cmp   x1, #TARGETS
    b.ne  1b
    mov   x1, #0
    mov   w5, #0x14000000               // b
2:  add   x4, x1, #TARGETS * 2          // words from target 0 to slot k
    neg   w4, w4
    and   w4, w4, #0x3ffffff
    orr   w4, w4, w5
    str   w4, [x0], #4
    add   x1, x1, #1
    cmp   x1, #MAX_CPUS
    b.ne  2b
    ldr   x0, =ARENA
    sync_code x0, 1024
    ret

test_run:
    str   x30, [sp, #-16]!
    ldr   x19, =ARENA + SLOTS_AT
    addr  x20, epochs
    mov   x21, #0                       // own epoch
next:
    isb                                 // as a newly started vCPU: what was written before it is fetched
    add   x21, x21, #1
    and   x0, x21, #TARGETS - 1
    lsl   x0, x0, #1
    add   x1, x27, #TARGETS * 2
    sub   w0, w0, w1                    // words to the target
    and   w0, w0, #0x3ffffff
    mov   w1, #0x14000000               // b
    orr   w0, w0, w1
    add   x2, x19, x27, lsl #2
    str   w0, [x2]                      // B to B: may change under who runs it (Arm ARM B2.2.5)
    dc    cvau, x2
    dsb   ish
    ic    ivau, x2
    dsb   ish
    isb
    add   x3, x20, x27, lsl #6
    stlr  x21, [x3]
    blr   x2
    and   x1, x21, #TARGETS - 1
    check_eq 1, x1, x0
    // Everybody's slots: what is called is not older than the epoch seen before, nor newer than the one seen after + 1.
    random x0
    tst   x0, #255
    mov   x22, #1
    mov   x1, #3000                     // sometimes so often that it becomes hot
    csel  x22, x1, x22, eq
3:  mov   x23, #0
4:  add   x3, x20, x23, lsl #6
    ldar  x5, [x3]
    isb
    add   x2, x19, x23, lsl #2
    blr   x2
    isb
    ldar  x6, [x3]
    sub   x7, x0, x5                    // newer than the first by, mod 64
    and   x7, x7, #TARGETS - 1
    sub   x6, x6, x5
    add   x6, x6, #1
    cmp   x7, x6
    b.ls  5f
    fail  2, x5, x0
5:  add   x23, x23, #1
    cmp   x23, x24
    b.ne  4b
    shared x3, stop
    ldar  x3, [x3]
    cbnz  x3, 6f
    subs  x22, x22, #1
    b.ne  3b
6:  ops   1
    bl    rt_more
    cbnz  w0, next
    str   x21, [x26, #R_COUNT]
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg
.balign 4096
epochs: .space 64 * MAX_CPUS
`,
};

export const xmcHandshake: TortureGuest = {
  name: 'xmc-handshake',
  summary: 'cross-modifying code with handshake: vCPUs take turns at patching called, chained and looping code that all then run',
  source: String.raw`
${HOT_CALL}
// The chain and a loop at ARENA; the patcher of the round changes one block of each.
test_setup:
    str   x30, [sp, #-16]!
    ldr   x19, =ARENA
    addr  x0, chain
    addr  x1, code_end
    sub   x1, x1, x0
    mov   x2, #0
1:  ldr   w3, [x0, x2]
    str   w3, [x19, x2]
    add   x2, x2, #4
    cmp   x2, x1
    b.lo  1b
    sync_code x19, 2048
    ldr   x30, [sp], #16
    ret

test_run:
    str   x30, [sp, #-16]!
    ldr   x19, =ARENA
    addr  x20, sums
    mov   x21, #0                       // round
    mov   x23, #0                       // vCPU whose turn it is
next:
    bl    rt_more_all
    cbz   w0, done
    cmp   x23, x27
    b.ne  2f
    // The patcher: one block of the chain, and the loop.
    random x0
    and   x1, x0, #7
    ubfx  x2, x0, #8, #12
    add   x5, x19, x1, lsl #6
    add   x5, x5, #64
    ldr   w6, [x5]
    ubfx  x6, x6, #10, #12              // what it added till now
    ldr   x7, [x20]
    sub   x7, x7, x6
    add   x7, x7, x2
    str   x7, [x20]
    ldr   w4, =0x91000000               // add x0, x0, #imm
    orr   w6, w4, w2, lsl #10
    str   w6, [x5]
    dc    cvau, x5
    ubfx  x2, x0, #24, #12
    str   x2, [x20, #8]
    orr   w6, w4, w2, lsl #10
    add   x8, x19, #loop - chain
    str   w6, [x8]
    dc    cvau, x8
    dsb   ish
    ic    ivau, x5
    ic    ivau, x8
    dsb   ish
2:  bl    rt_barrier
    isb
    ldp   x9, x10, [x20]
    blr   x19
    check_eq 1, x9, x0
    add   x11, x19, #loop - chain
    mov   x0, #0
    mov   x1, #1
    and   x12, x21, #15                 // every sixteenth round it is hot
    mov   x13, #1 << 17
    cmp   x12, #0
    csel  x1, x13, x1, eq
    mul   x10, x10, x1
    blr   x11
    check_eq 2, x10, x0
    cbnz  x12, 4f
    hot_call 3, x19, x9
    count 0
4:  ops   1
    add   x21, x21, #1
    add   x23, x23, #1
    cmp   x23, x24
    csel  x23, xzr, x23, eq
    b     next
done:
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg

.balign 4096
${chainTemplate('chain')}
loop:
    add   x0, x0, #0
    subs  x1, x1, #1
    b.ne  loop
    ret
code_end:
.balign 4096
sums: .quad 0, 0
.balign 4096
`,
};

/** Blocks of the long way through tb-flush: about three times what its code buffer holds. */
const LONG_BLOCKS = 640;

export const tbFlush: TortureGuest = {
  name: 'tb-flush',
  summary: 'a code buffer of 64 KiB: it overflows all the time while every vCPU runs through more code than fits',
  tbSize: 64 << 10,
  source: String.raw`
.equ BLOCKS, ${LONG_BLOCKS}
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
next:
    random x19
    mov   x0, x19
    bl    long_way
    mov   x20, x0
    mov   x0, x19
    mov   x1, #0
1:  eor   x0, x0, x0, lsr #7            // the same as a loop
    add   x0, x0, x1
    add   x1, x1, #1
    cmp   x1, #BLOCKS
    b.ne  1b
    check_eq 1, x0, x20
    // One of eight hot loops: regions of other ones had its number before the last flush.
    random x0
    and   x1, x0, #7
    addr  x2, hot
    add   x2, x2, x1, lsl #6
    add   x1, x1, #1
    mov   x0, #0
    mov   x3, #1 << 16
    lsl   x20, x1, #16
    blr   x2
    check_eq 2, x20, x0
    ops   1
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg

.balign 4096
.equ K, 0
hot:
.rept 8
    .equ  K, K + 1
    .balign 64
1:  add   x0, x0, #K
    subs  x3, x3, #1
    b.ne  1b
    ret
.endr

// 64 blocks a page, chained inside it.
.balign 4096
.equ K, 0
long_way:
.rept BLOCKS / 64
    .balign 4096, 0
    .rept 64
    eor   x0, x0, x0, lsr #7
    add   x0, x0, #K
    b     . + 4
    .equ  K, K + 1
    .endr
    b     . + 4096 - 64 * 12
.endr
    .balign 4096, 0
    ret
`,
  check: (r) => (r.tbFlushes >= 2 ? [] : [`only ${r.tbFlushes} flushes of the code buffer`]),
};

export const codeGuests: readonly TortureGuest[] = [smc, xmc, xmcHandshake, tbFlush];
