// Mutual exclusion: locks of every kind, and algorithms that need only loads, stores and barriers.
import type { GuestResult, TortureGuest } from '../guest.ts';

/** Sum of the operations of all vCPUs. */
const total = (r: GuestResult): bigint => r.vcpus.reduce((sum, v) => sum + v.ops, 0n);

/**
 * Two counters that only the holder of the lock touches, with plain accesses: equal whenever somebody holds it, and in
 * the end as many as there were operations. `code`: lock and unlock, with x19 = address of 256 bytes of lock, x21 =
 * memory of this vCPU; they clobber x0…x7.
 */
const lockGuest = (name: string, summary: string, code: string, more: Partial<TortureGuest> = {}): TortureGuest => ({
  ...more,
  name: `lock-${name}`,
  summary,
  source: String.raw`
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x19, lock_words
    addr  x20, counters
    addr  x21, own
    add   x21, x21, x27, lsl #7
next:
    mov   x22, #64
1:  bl    lock
    ldr   x8, [x20]
    ldr   x9, [x20, #64]
    check_eq 1, x8, x9
    add   x8, x8, #1
    str   x8, [x20]
    random x0
    tst   x0, #15
    b.ne  2f
    yield                               // some hold it longer
2:  str   x8, [x20, #64]
    bl    unlock
    subs  x22, x22, #1
    b.ne  1b
    ops   64
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
test_check:
    str   x30, [sp, #-16]!
    shared x0, result + RESULT_RECORDS
    mov   x1, x24
    mov   x2, #0
1:  ldr   x3, [x0, #R_OPS]
    add   x2, x2, x3
    add   x0, x0, #R_BYTES
    subs  x1, x1, #1
    b.ne  1b
    addr  x20, counters
    ldr   x3, [x20]
    check_eq 2, x2, x3
    ldr   x30, [sp], #16
    ret
${code}
.ltorg
.balign 4096
lock_words: .space 256
counters:   .space 128
own:        .space 128 * MAX_CPUS
.balign 4096
`,
  check: (r) => [0, 64].flatMap((offset) => (r.word('counters', offset) === total(r) ? [] : [`counter ${r.word('counters', offset)}, operations ${total(r)}`])),
});

/** Both sides of the pair (2k, 2k + 1): x21 = my flag, x22 = the other's, x23 = turn; x20 = the pair's counter. */
const pairGuest = (name: string, summary: string, enter: string, leave: string, exact: boolean): TortureGuest => ({
  name, summary, minVcpus: 2,
  source: String.raw`
// A line each: flag 0, flag 1, turn, counter; 512 bytes a pair. A vCPU without partner has the section for itself.
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x20, pairs
    lsr   x0, x27, #1
    add   x20, x20, x0, lsl #9
    and   x18, x27, #1
    add   x21, x20, x18, lsl #7
    eor   x0, x18, #1
    add   x22, x20, x0, lsl #7
    add   x23, x20, #256
    mov   x15, #1
next:
    mov   x19, #64
again:
    ${enter}
    ldr   x8, [x20, #384]
    add   x8, x8, #1
    str   x8, [x20, #384]
    ${leave}
    subs  x19, x19, #1
    b.ne  again
    ops   64
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret

// Operations of each pair against its counter.
test_check:
    str   x30, [sp, #-16]!
    shared x0, result + RESULT_RECORDS
    addr  x1, pairs
    mov   x9, #0
1:  ldr   x3, [x0, #R_OPS]
    add   x9, x9, #1
    mov   x4, #0
    cmp   x9, x24
    b.hs  2f
    ldr   x4, [x0, #R_BYTES + R_OPS]
2:  add   x5, x3, x4
    ldr   x6, [x1, #384]
    ${exact ? 'check_eq 1, x5, x6' : `cmp x6, x5
    b.ls  3f
    fail  2, x5, x6
3:  sub   x5, x5, x6
    ldr   x3, [x26, #R_COUNT]
    add   x3, x3, x5
    str   x3, [x26, #R_COUNT]`}
    shared x0, result + RESULT_RECORDS  // fail clobbers
    addr  x1, pairs
    lsr   x5, x9, #1
    add   x1, x1, x5, lsl #9
    add   x1, x1, #512
    add   x9, x9, #1
    mov   x3, #R_BYTES
    madd  x0, x9, x3, x0
    cmp   x9, x24
    b.lo  1b
    ldr   x30, [sp], #16
    ret
.ltorg
.balign 4096
pairs: .space 512 * MAX_CPUS / 2
.balign 4096
`,
  check: (r) => r.vcpus.flatMap((v, n) => {
    if (n % 2 || !exact) return [];
    const want = v.ops + (r.vcpus[n + 1]?.ops ?? 0n), got = r.word('pairs', 512 * (n / 2) + 384);
    return got === want ? [] : [`pair ${n / 2}: counter ${got}, operations ${want}`];
  }),
});

/** `fence`: between my stores and my load of the other's flag. Loads and stores as named. */
const peterson = (ld: string, st: string, fence: string) => ({
  // x21 is the flag's address: LDAR and STLR take no offset.
  enter: String.raw`
    ${st} x15, [x21]
    ${st} x18, [x23]                    // after you
    ${fence}
.Lwait:
    ${ld} x0, [x22]
    cbz   x0, .Lin
    ${ld} x0, [x23]
    cmp   x0, x18
    b.ne  .Lin
    yield
    b     .Lwait
.Lin:
    ${fence}`,
  leave: String.raw`
    ${fence}
    ${st} xzr, [x21]`,
});
const dekker = (fence: string) => ({
  enter: String.raw`
    str   x15, [x21]
    ${fence}
.Ltry:
    ldr   x0, [x22]
    cbz   x0, .Lin
    ldr   x0, [x23]
    cmp   x0, x18
    b.eq  .Ltry_yield                   // my turn: I insist
    str   xzr, [x21]
.Lwait:
    ldr   x0, [x23]
    cmp   x0, x18
    b.eq  .Lmine
    yield
    b     .Lwait
.Lmine:
    str   x15, [x21]
    ${fence}
    b     .Ltry
.Ltry_yield:
    yield
    b     .Ltry
.Lin:
    ${fence}`,
  leave: String.raw`
    ${fence}
    eor   x0, x18, #1
    str   x0, [x23]
    ${fence}
    str   xzr, [x21]`,
});
const petersonDmb = peterson('ldr', 'str', 'dmb ish'), petersonSc = peterson('ldar', 'stlr', ''), petersonNone = peterson('ldr', 'str', '');
const dekkerDmb = dekker('dmb ish');

export const lockGuests: readonly TortureGuest[] = [
  lockGuest('ticket', 'ticket lock: LDAXR and STXR take a number, STLR serves the next', String.raw`
lock:
1:  ldaxr w0, [x19]
    add   w1, w0, #1
    stxr  w2, w1, [x19]
    cbnz  w2, 1b
    add   x3, x19, #128
2:  ldar  w1, [x3]
    cmp   w0, w1
    b.ne  3f
    ret
3:  yield
    b     2b
unlock:
    add   x3, x19, #128
    ldr   w1, [x3]
    add   w1, w1, #1
    stlr  w1, [x3]
    ret`),
  lockGuest('mcs', 'MCS queue lock: SWPAL on the tail, hand-over through the next one in line', String.raw`
lock:                                   // own: next, locked
    stp   xzr, xzr, [x21]
    swpal x21, x0, [x19]
    cbz   x0, 2f
    mov   x1, #1
    str   x1, [x21, #8]
    stlr  x21, [x0]                     // behind the one before
    add   x2, x21, #8
1:  ldar  x1, [x2]
    cbz   x1, 2f
    yield
    b     1b
2:  ret
unlock:
    ldar  x0, [x21]
    cbnz  x0, 2f
    mov   x1, x21
    casl  x1, xzr, [x19]                // nobody behind
    cmp   x1, x21
    b.eq  3f
1:  ldar  x0, [x21]
    cbnz  x0, 2f
    yield
    b     1b
2:  add   x0, x0, #8
    stlr  xzr, [x0]
3:  ret`, { lse: true }),
  lockGuest('tas', 'test-and-set lock: SWPA, spinning on a plain load, a byte, a halfword and a word in turn', String.raw`
lock:
1:  mov   w0, #1
    swpa  w0, w0, [x19]
    cbz   w0, 3f
2:  ldr   w0, [x19]
    cbz   w0, 1b
    yield
    b     2b
3:  mov   w0, #1
    add   x1, x19, #65
    swpab w0, w0, [x1]
    cbnz  w0, 3b
    mov   w0, #1
    add   x1, x19, #66
    swpah w0, w0, [x1]
    cbnz  w0, 3b
    ret
unlock:
    add   x1, x19, #66
    stlrh wzr, [x1]
    add   x1, x19, #65
    stlrb wzr, [x1]
    stlr  wzr, [x19]
    ret`, { lse: true }),
  lockGuest('llsc', 'LL/SC lock: LDAXR and STXR, each size in turn nested in the larger one', String.raw`
lock:
    mov   w1, #1
1:  ldaxr x0, [x19]
    cbnz  x0, 2f
    stxr  w2, x1, [x19]
    cbnz  w2, 1b
    add   x3, x19, #65
3:  ldaxrb w0, [x3]
    cbnz  w0, 3b
    stxrb w2, w1, [x3]
    cbnz  w2, 3b
    ret
2:  clrex
    yield
    b     1b
unlock:
    add   x3, x19, #65
    stlrb wzr, [x3]
    stlr  xzr, [x19]
    ret`),
  lockGuest('cas', 'compare-and-swap lock: CASA, released by SWPL', String.raw`
lock:
    mov   x1, #1
1:  mov   x0, xzr
    casa  x0, x1, [x19]
    cbz   x0, 2f
    yield
    b     1b
2:  ret
unlock:
    swpl  xzr, x0, [x19]
    ret`, { lse: true }),
  lockGuest('wfe', 'LL/SC lock that waits as Linux does: LDAXR, WFE; STLR clears the monitor', String.raw`
lock:
    sevl
1:  wfe
2:  ldaxr w0, [x19]
    cbnz  w0, 1b
    mov   w1, #1
    stxr  w2, w1, [x19]
    cbnz  w2, 2b
    ret
unlock:
    stlr  wzr, [x19]
    ret`),
  pairGuest('peterson-dmb', 'Peterson’s algorithm by pairs, DMB ISH between store and load', petersonDmb.enter, petersonDmb.leave, true),
  pairGuest('peterson-sc', 'Peterson’s algorithm by pairs, LDAR and STLR alone: STLR then LDAR stay in order', petersonSc.enter, petersonSc.leave, true),
  pairGuest('dekker-dmb', 'Dekker’s algorithm by pairs, DMB ISH between store and load', dekkerDmb.enter, dekkerDmb.leave, true),
  pairGuest('peterson-none', 'Peterson’s algorithm without barriers: losses are allowed, and counted', petersonNone.enter, petersonNone.leave, false),
];
