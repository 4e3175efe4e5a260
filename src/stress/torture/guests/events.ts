// Wake-ups: interrupts between vCPUs, timers, WFE and SEV, vCPUs that go off and come back.
import type { GuestResult, TortureGuest } from '../guest.ts';

const sum = (r: GuestResult, counter: number): bigint => r.vcpus.reduce((n, v) => n + v.counters[counter], 0n);

/** GICv3: gic_init by vCPU 0, gic_init_cpu by each; then SGIs 0…15 and the virtual timer's PPI 27 arrive. */
const GIC = String.raw`
.equ GICD, 0x08000000
.equ GICR, 0x080a0000
gic_init:
    ldr   x0, =GICD
    mov   w1, #0x13                     // affinity routing, groups 0 and 1
    str   w1, [x0]
    ret
gic_init_cpu:
    ldr   x0, =GICR
    add   x0, x0, x27, lsl #17
    ldr   w1, [x0, #0x14]               // WAKER: wake up
    bic   w1, w1, #2
    str   w1, [x0, #0x14]
1:  ldr   w1, [x0, #0x14]
    tbnz  w1, #2, 1b
    add   x0, x0, #0x10000
    mov   w1, #-1
    str   w1, [x0, #0x80]               // IGROUPR0
    ldr   w1, =0x0800ffff
    str   w1, [x0, #0x100]              // ISENABLER0
    mov   x1, #7
    msr   icc_sre_el1, x1
    isb
    mov   x1, #0xff
    msr   icc_pmr_el1, x1
    mov   x1, #1
    msr   icc_igrpen1_el1, x1
    isb
    ret
// Interrupt 0 to vCPU x0; clobbers x0, x1.
.macro send_sgi
    and   x1, x0, #15
    lsr   x0, x0, #4
    lsl   x0, x0, #16                   // Aff1
    mov   x17, #1
    lsl   x17, x17, x1
    orr   x0, x0, x17                   // target list: Aff0
    msr   icc_sgi1r_el1, x0
    isb
.endm
// Interrupt 0 to all others; clobbers x0.
.macro send_sgi_others
    mov   x0, #1 << 40
    msr   icc_sgi1r_el1, x0
    isb
.endm
`;

const ipi: TortureGuest = {
  name: 'ipi',
  summary: 'IPI storm: SGIs to one or to all others, each acknowledged by who got it; none is lost, however many merge',
  minVcpus: 2,
  source: String.raw`
${GIC}
// requests: a line of 64 bytes for target and sender, 64 senders a target.
test_setup:
    str   x30, [sp, #-16]!
    bl    gic_init
    addr  x0, irq
    str   x0, [x28, #hooks + 8 * 5 - data]
    ldr   x30, [sp], #16
    ret
irq:
    mrs   x0, icc_iar1_el1
    dsb   sy
    and   x1, x0, #0xffffff
    cmp   x1, #1023
    b.eq  3f
    ldr   x2, =ARENA
    add   x2, x2, x27, lsl #12
    mov   x3, #0
1:  ldar  x4, [x2]
    cbz   x4, 2f
    stlr  xzr, [x2]
    count 1
2:  add   x2, x2, #64
    add   x3, x3, #1
    cmp   x3, x24
    b.ne  1b
    msr   icc_eoir1_el1, x0
    isb
3:  ret

test_run:
    str   x30, [sp, #-16]!
    bl    gic_init_cpu
    bl    rt_barrier                    // before, an SGI would meet group 0 and go nowhere
    msr   daifclr, #2
    ldr   x20, =ARENA
    add   x20, x20, x27, lsl #6         // my line of target 0
    mov   x21, #1
next:
    random x0
    tst   x0, #15
    b.eq  all
    ubfx  x0, x0, #8, #16
    sub   x3, x24, #1
    udiv  x2, x0, x3
    msub  x0, x2, x3, x0                // 0…n - 2: the others
    cmp   x0, x27
    cinc  x0, x0, hs
    add   x22, x20, x0, lsl #12
    str   x21, [x22]
    count 0
    dsb   ishst
    send_sgi
1:  ldar  x0, [x22]
    cbz   x0, 2f
    yield
    b     1b
all:
    mov   x3, #0
4:  cmp   x3, x27
    b.eq  5f
    add   x22, x20, x3, lsl #12
    str   x21, [x22]
    count 0
5:  add   x3, x3, #1
    cmp   x3, x24
    b.ne  4b
    dsb   ishst
    send_sgi_others
    mov   x3, #0
6:  add   x22, x20, x3, lsl #12
7:  ldar  x0, [x22]
    cbz   x0, 8f
    yield
    b     7b
8:  add   x3, x3, #1
    cmp   x3, x24
    b.ne  6b
2:  ops   1
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
test_check:
    str   x30, [sp, #-16]!
    shared x0, result + RESULT_RECORDS
    mov   x1, x24
    mov   x3, #0
    mov   x4, #0
1:  ldp   x5, x6, [x0, #R_COUNT]
    add   x3, x3, x5
    add   x4, x4, x6
    add   x0, x0, #R_BYTES
    subs  x1, x1, #1
    b.ne  1b
    check_eq 1, x3, x4
    ldr   x30, [sp], #16
    ret
`,
  check: (r) => (sum(r, 0) === sum(r, 1) ? [] : [`${sum(r, 0)} requests, ${sum(r, 1)} served`]),
};

const ipiWfi: TortureGuest = {
  name: 'ipi-wfi',
  summary: 'a token goes round: everybody sleeps in WFI until the SGI that brings it; a lost wake-up is a hang',
  minVcpus: 2,
  source: String.raw`
${GIC}
test_setup:
    str   x30, [sp, #-16]!
    bl    gic_init
    addr  x0, irq
    str   x0, [x28, #hooks + 8 * 5 - data]
    ldr   x30, [sp], #16
    ret
irq:
    mrs   x0, icc_iar1_el1
    dsb   sy
    and   x1, x0, #0xffffff
    cmp   x1, #1023
    b.eq  1f
    msr   icc_eoir1_el1, x0
    isb
    count 0
1:  ret
test_run:
    str   x30, [sp, #-16]!
    bl    gic_init_cpu
    bl    rt_barrier                    // everybody can be woken
    addr  x19, token
    add   x20, x27, #1                  // who is next
    cmp   x20, x24
    csel  x20, xzr, x20, eq
next:
    msr   daifset, #2
    ldar  x0, [x19]
    cmp   x0, x27
    b.eq  1f
    cmn   x0, #1
    b.eq  done
    wfi                                 // wakes though the interrupt is masked
    msr   daifclr, #2
    isb
    b     next
1:  msr   daifclr, #2
    ops   1
    cbnz  x27, 2f
    ldr   x0, [x26, #R_OPS]
    cmp   x0, #2                        // it has been everywhere
    b.lo  2f
    bl    rt_more
    cbz   w0, end
2:  stlr  x20, [x19]
    dsb   ishst
    mov   x0, x20
    send_sgi
    b     next
end:
    mov   x0, #-1
    stlr  x0, [x19]
    dsb   ishst
    send_sgi_others
done:
    msr   daifset, #2
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg
.balign 4096
token: .quad 0
.balign 4096
`,
  check: (r) => (r.vcpus.every((v) => r.vcpus[0].ops - v.ops <= 1n) ? [] : ['the token left somebody out']),
};

const wfeSev: TortureGuest = {
  name: 'wfe-sev',
  summary: 'pairs hand a turn to and fro and sleep in WFE between: a lost SEV is a hang',
  minVcpus: 2,
  source: String.raw`
.equ END, 2
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x19, turns
    lsr   x0, x27, #1
    add   x19, x19, x0, lsl #7
    and   x20, x27, #1
    eor   x21, x20, #1
    orr   x0, x27, #1
    cmp   x0, x24
    b.hs  alone
    sevl
1:  wfe
    ldar  x0, [x19]
    cmp   x0, x20
    b.eq  2f
    cmp   x0, #END
    b.eq  done
    b     1b
2:  ops   1
    cbnz  x20, 3f
    ldr   x0, [x26, #R_OPS]
    cmp   x0, #2                        // the other one had its turn
    b.lo  3f
    bl    rt_more
    cbnz  w0, 3f
    mov   x0, #END
    stlr  x0, [x19]
    dsb   ish
    sev
    b     done
3:  stlr  x21, [x19]
    dsb   ish
    sev
    b     1b
alone:
    ops   1
    bl    rt_more
    cbnz  w0, alone
done:
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg
.balign 4096
turns: .space 128 * MAX_CPUS / 2
.balign 4096
`,
  check: (r) => r.vcpus.flatMap((v, n) => (n % 2 === 0 && n + 1 < r.vcpus.length && v.ops - r.vcpus[n + 1].ops > 1n ? [`pair ${n / 2}: ${v.ops} and ${r.vcpus[n + 1].ops} turns`] : [])),
};

const timer: TortureGuest = {
  name: 'timer',
  summary: 'timer storm: each vCPU’s virtual timer goes off after 0 to 1 ms, waited for in WFI, in YIELD or in a loop; never early, never twice',
  source: String.raw`
${GIC}
test_setup:
    str   x30, [sp, #-16]!
    bl    gic_init
    addr  x0, irq
    str   x0, [x28, #hooks + 8 * 5 - data]
    ldr   x30, [sp], #16
    ret
// counter 0: times it was set, 1: times it went off.
irq:
    str   x30, [sp, #-16]!
    mrs   x9, icc_iar1_el1
    and   x10, x9, #0xffffff
    cmp   x10, #1023
    b.eq  2f
    mov   x11, #27
    check_eq 1, x11, x10
    mrs   x11, cntv_ctl_el0
    mov   x12, #5                       // enabled, condition met
    check_eq 2, x12, x11
    mrs   x11, cntv_cval_el0
    isb
    mrs   x12, cntvct_el0
    cmp   x12, x11
    b.hs  1f
    fail  3, x11, x12
1:  msr   cntv_ctl_el0, xzr
    isb
    count 1
    msr   icc_eoir1_el1, x9
    isb
2:  ldr   x30, [sp], #16
    ret
test_run:
    str   x30, [sp, #-16]!
    bl    gic_init_cpu
    msr   daifclr, #2
    mov   x19, #0
next:
    random x0
    ubfx  x20, x0, #40, #2              // how to wait
    and   x0, x0, #0xffff               // ticks: to 1 ms
    mov   x1, #1
    count 0
    add   x19, x19, #1
    msr   cntv_tval_el0, x0
    msr   cntv_ctl_el0, x1
    isb
1:  msr   daifset, #2
    ldr   x0, [x26, #R_COUNT + 8]
    cmp   x0, x19
    b.eq  4f
    cbnz  x20, 2f
    msr   daifclr, #2
    b     1b
2:  tbnz  x20, #0, 3f
    msr   daifclr, #2
    yield
    b     1b
3:  wfi
    msr   daifclr, #2
    isb
    b     1b
4:  msr   daifclr, #2
    ops   1
    bl    rt_more
    cbnz  w0, next
    msr   daifset, #2
    ldr   x30, [sp], #16
    ret
test_check:
    ret
`,
  check: (r) => r.vcpus.flatMap((v, n) => (v.counters[0] === v.counters[1] ? [] : [`vCPU ${n}: set ${v.counters[0]} times, went off ${v.counters[1]} times`])),
};

const cpuOnOff: TortureGuest = {
  name: 'cpu-on-off',
  summary: 'vCPUs go off; two others race to switch them on again: exactly one succeeds, and its context arrives',
  minVcpus: 3,
  source: String.raw`
// vCPUs 0 and 1 switch on, the others live and go off. A line a target: lives by starter 0 and 1; wins of starter 0, of 1.
test_setup:
    ret
.macro mpidr_of rd, n
    and   \rd, \n, #15
    lsr   x17, \n, #4
    orr   \rd, \rd, x17, lsl #8
.endm
test_run:
    cmp   x27, #2
    b.hs  live
    str   x30, [sp, #-16]!
    addr  x19, lines
next:
    mov   x20, #2
1:  bl    switch_on
    add   x20, x20, #1
    cmp   x20, x24
    b.ne  1b
    ops   1
    bl    rt_more
    cbnz  w0, next
    // Everybody comes back once more, to finish.
2:  mov   x20, #2
    mov   x23, #0
3:  shared x0, result + RESULT_RECORDS
    mov   x1, #R_BYTES
    madd  x0, x20, x1, x0
    add   x0, x0, #R_STATE
    ldar  x0, [x0]
    cmp   x0, #2
    b.eq  4f
    mov   x23, #1
    bl    switch_on
4:  add   x20, x20, #1
    cmp   x20, x24
    b.ne  3b
    cbz   x23, 5f
    yield
    b     2b
5:  ldr   x30, [sp], #16
    ret

// Switches vCPU x20 on when it is off.
switch_on:
    str   x30, [sp, #-16]!
    mpidr_of x21, x20
    ldr   x0, =0xc4000004               // AFFINITY_INFO
    mov   x1, x21
    mov   x2, #0
    hvc   #0
    cmp   x0, #1
    b.ne  2f
    ldr   x0, =0xc4000003               // CPU_ON
    mov   x1, x21
    addr  x2, reborn
    orr   x3, x20, x27, lsl #8
    hvc   #0
    cbz   x0, 1f
    count 1
    cmn   x0, #4                        // ALREADY_ON
    b.eq  2f
    cmn   x0, #5                        // ON_PENDING
    b.eq  2f
    mov   x3, #0
    fail  1, x3, x0
    b     2f
1:  count 0
    add   x0, x19, x20, lsl #6
    add   x0, x0, x27, lsl #3
    ldr   x1, [x0, #16]
    add   x1, x1, #1
    str   x1, [x0, #16]
2:  ldr   x30, [sp], #16
    ret

reborn:
    and   x27, x0, #0xff
    ubfx  x18, x0, #8, #8               // who did it
    bl    rt_cpu_init
    addr  x19, lines
    add   x0, x19, x27, lsl #6
    add   x0, x0, x18, lsl #3
    ldr   x1, [x0]
    add   x1, x1, #1
    str   x1, [x0]
live:
    ops   1
    mrs   x0, cntvct_el0
    and   x0, x0, #0xff
1:  subs  x0, x0, #1
    b.hi  1b
    shared x0, stop
    ldar  x0, [x0]
    cbnz  x0, rt_leave
    ldr   x0, =0x84000002               // CPU_OFF
    hvc   #0
    mov   x3, #0
    fail  2, x3, x0                     // it does not return
    b     rt_leave

test_check:
    str   x30, [sp, #-16]!
    addr  x19, lines
    mov   x20, #2
1:  add   x3, x19, x20, lsl #6
    ldp   x4, x5, [x3]
    ldp   x6, x7, [x3, #16]
    check_eq 3, x6, x4
    check_eq 4, x7, x5
    add   x20, x20, #1
    cmp   x20, x24
    b.ne  1b
    ldr   x30, [sp], #16
    ret
.ltorg
.balign 4096
lines: .space 64 * MAX_CPUS
.balign 4096
`,
  check: (r) => (r.vcpus.slice(2).every((v, n) => v.ops === 1n + r.word('lines', 64 * (n + 2)) + r.word('lines', 64 * (n + 2) + 8)) ? [] : ['lives and operations differ']),
};

export const eventGuests: readonly TortureGuest[] = [ipi, ipiWfi, wfeSev, timer, cpuOnOff];
