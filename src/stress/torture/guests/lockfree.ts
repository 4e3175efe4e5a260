// Lock-free structures: stacks, a queue, a seqlock, RCU-like reclamation. What they hold is counted in the guest and from outside.
import type { GuestResult, TortureGuest } from '../guest.ts';

const ARENA = 0x4140_0000;
const STACK_NODES = 12;

/** Nodes of a list from the pointer at `head` on; more than `limit`: a cycle. */
function walk(r: GuestResult, head: number, limit: number): number {
  let n = 0;
  for (let p = Number(r.wordAt(head)); p !== 0 && n <= limit; p = Number(r.wordAt(p))) n++;
  return n;
}

/**
 * Treiber's stack: few nodes, popped, marked with their owner, pushed again. A node that two vCPUs have popped at once, or
 * that is lost, is corruption. pop: x0 = node or 0; push: x0 = node; x19 = head; they clobber x0…x9.
 */
const stackGuest = (name: string, summary: string, code: string, more: Partial<TortureGuest> = {}): TortureGuest => ({
  name, summary, lse: true, ...more,
  source: String.raw`
.equ NODES, ${STACK_NODES}
// A node: next, owner; 64 bytes. The head is behind them.
.equ HEAD, ARENA + 64 * NODES
test_setup:
    ldr   x19, =HEAD
    ldr   x0, =ARENA
    mov   x1, #0
    mov   x2, #NODES
1:  str   x1, [x0]
    mov   x1, x0
    add   x0, x0, #64
    subs  x2, x2, #1
    b.ne  1b
    str   x1, [x19]
    ret
test_run:
    str   x30, [sp, #-16]!
    ldr   x19, =HEAD
    add   x20, x27, #1
next:
    mov   x22, #32
1:  bl    pop
    cbnz  x0, 2f
    yield                               // the others have them all
    shared x0, stop
    ldar  x0, [x0]
    cbz   x0, 1b
    b     4f
2:  mov   x21, x0
    add   x1, x0, #8
    swpal x20, x2, [x1]                 // nobody has it, and nobody takes it
    mov   x3, #0
    check_eq 1, x3, x2
    random x0
    and   x0, x0, #31
3:  subs  x0, x0, #1
    b.hi  3b
    ldr   x2, [x21, #8]
    check_eq 2, x20, x2
    str   xzr, [x21, #8]
    mov   x0, x21
    bl    push
    subs  x22, x22, #1
    b.ne  1b
4:  ops   32
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret
// Every node is on the stack again.
test_check:
    str   x30, [sp, #-16]!
    ldr   x0, =HEAD
    ldr   x0, [x0]
    mov   x4, #0
    mov   x3, #NODES
1:  cbz   x0, 2f
    add   x4, x4, #1
    cmp   x4, x3
    b.hi  2f
    ldr   x0, [x0]
    b     1b
2:  check_eq 3, x3, x4
    ldr   x30, [sp], #16
    ret
${code}
`,
  check: (r) => {
    const n = walk(r, ARENA + 64 * STACK_NODES, STACK_NODES);
    return n === STACK_NODES ? [] : [`${n} nodes on the stack, not ${STACK_NODES}`];
  },
});

const treiber = stackGuest('treiber', 'Treiber’s stack on LDAXR and STLXR, nodes used again at once: wants STXR to fail after A-B-A', String.raw`
pop:
1:  ldaxr x0, [x19]
    cbz   x0, 3f
    ldr   x1, [x0]
    random x2
    tst   x2, #15
    b.ne  2f
    yield                               // somebody else's turn between load and store
2:  stlxr w3, x1, [x19]
    cbnz  w3, 1b
    ret
3:  clrex
    ret
push:
1:  ldaxr x1, [x19]
    str   x1, [x0]
    stlxr w3, x0, [x19]
    cbnz  w3, 1b
    ret`, { aba: true });

const treiberCasp = stackGuest('treiber-casp', 'Treiber’s stack with a counted head: LDP, CASPAL of 128 bits', String.raw`
pop:
1:  ldp   x4, x5, [x19]
    cbz   x4, 2f
    ldr   x6, [x4]
    add   x7, x5, #1
    mov   x0, x4
    mov   x1, x5
    caspal x4, x5, x6, x7, [x19]
    cmp   x4, x0
    ccmp  x5, x1, #0, eq
    b.ne  1b
    ret
2:  mov   x0, #0
    ret
push:
1:  ldp   x4, x5, [x19]
    str   x4, [x0]
    mov   x6, x0
    add   x7, x5, #1
    mov   x1, x4
    mov   x2, x5
    caspal x4, x5, x6, x7, [x19]
    cmp   x4, x1
    ccmp  x5, x2, #0, eq
    b.ne  1b
    ret`);

const treiberLdxp = stackGuest('treiber-ldxp', 'Treiber’s stack with a counted head: LDAXP and STLXP of 128 bits', String.raw`
pop:
1:  ldaxp x0, x1, [x19]
    cbz   x0, 2f
    ldr   x2, [x0]
    add   x1, x1, #1
    stlxp w3, x2, x1, [x19]
    cbnz  w3, 1b
    ret
2:  clrex
    ret
push:
1:  ldaxp x4, x5, [x19]
    str   x4, [x0]
    add   x5, x5, #1
    stlxp w3, x0, x5, [x19]
    cbnz  w3, 1b
    ret`);

const msQueue: TortureGuest = {
  name: 'ms-queue',
  lse: true,
  summary: 'Michael and Scott’s queue, counted pointers by CASAL: first in, first out for each producer, nothing lost',
  source: String.raw`
// A pointer: node number in bits 31…0, count above. A node: next, value; 32 bytes, number 0 is none.
.equ POOL, ARENA + 0x100000
.equ OWN_NODES, 4
// Of each vCPU: number of free nodes, the nodes; from 3072 on the number each producer's last value had.
.equ OWN, ARENA + 0x200000
.equ SEEN, 3072
test_setup:
    ldr   x19, =ARENA                   // head, tail at 64
    mov   x0, #1                        // the dummy
    str   x0, [x19]
    str   x0, [x19, #64]
    ret
test_run:
    str   x30, [sp, #-16]!
    ldr   x19, =ARENA
    ldr   x20, =POOL
    ldr   x21, =OWN
    add   x21, x21, x27, lsl #12
    mov   x0, #OWN_NODES
    str   x0, [x21]
    lsl   x1, x27, #2
    add   x1, x1, #2
    add   x2, x21, #8
1:  str   x1, [x2], #8
    add   x1, x1, #1
    subs  x0, x0, #1
    b.ne  1b
    lsl   x22, x27, #48                 // values: producer, number
next:
    mov   x23, #32
2:  ldr   x0, [x21]
    cbz   x0, 3f
    random x0
    tbnz  x0, #7, 3f
    add   x22, x22, #1
    mov   x1, x22
    bl    enqueue
    count 0
    ldr   x0, [x26, #R_COUNT + 16]
    eor   x0, x0, x22
    str   x0, [x26, #R_COUNT + 16]
    b     4f
3:  bl    dequeue
    cbz   x1, 4f
    count 1
    ldr   x0, [x26, #R_COUNT + 24]
    eor   x0, x0, x1
    str   x0, [x26, #R_COUNT + 24]
    lsr   x2, x1, #48                   // producer
    add   x2, x21, x2, lsl #3
    ldr   x3, [x2, #SEEN]
    str   x1, [x2, #SEEN]
    cmp   x1, x3
    b.hi  4f
    fail  1, x3, x1
4:  subs  x23, x23, #1
    b.ne  2b
    ops   32
    bl    rt_more
    cbnz  w0, next
    ldr   x30, [sp], #16
    ret

// x1 = value; a free node of this vCPU takes it.
enqueue:
    ldr   x2, [x21]
    sub   x2, x2, #1
    str   x2, [x21]
    add   x3, x21, #8
    ldr   x4, [x3, x2, lsl #3]
    add   x5, x20, x4, lsl #5
    str   x1, [x5, #8]
    ldr   x6, [x5]
    and   x6, x6, #0xffffffff00000000   // none behind; the count goes on
    str   x6, [x5]
    add   x15, x19, #64
1:  ldar  x7, [x15]
    ubfiz x9, x7, #5, #32
    add   x9, x9, x20
    ldar  x10, [x9]
    ldar  x11, [x15]
    cmp   x11, x7
    b.ne  1b
    cbnz  w10, 2f
    lsr   x12, x10, #32
    add   x12, x12, #1
    orr   x12, x4, x12, lsl #32
    mov   x13, x10
    casal x13, x12, [x9]
    cmp   x13, x10
    b.ne  1b
    mov   x10, x4
2:  lsr   x12, x7, #32                  // the tail moves on, by whoever gets there
    add   x12, x12, #1
    mov   w13, w10
    orr   x12, x13, x12, lsl #32
    mov   x13, x7
    casal x13, x12, [x15]
    cmp   x10, x4
    b.ne  1b
    ret

// x1 = value or 0; the node becomes this vCPU's.
dequeue:
    add   x15, x19, #64
1:  ldar  x7, [x19]
    ldar  x8, [x15]
    ubfiz x9, x7, #5, #32
    add   x9, x9, x20
    ldar  x10, [x9]
    ldar  x11, [x19]
    cmp   x11, x7
    b.ne  1b
    cmp   w7, w8
    b.ne  2f
    mov   x1, #0
    cbz   w10, 3f
    lsr   x12, x8, #32
    add   x12, x12, #1
    mov   w13, w10
    orr   x12, x13, x12, lsl #32
    mov   x13, x8
    casal x13, x12, [x15]
    b     1b
2:  ubfiz x12, x10, #5, #32
    add   x12, x12, x20
    ldr   x1, [x12, #8]
    lsr   x13, x7, #32
    add   x13, x13, #1
    mov   w14, w10
    orr   x13, x14, x13, lsl #32
    mov   x14, x7
    casal x14, x13, [x19]
    cmp   x14, x7
    b.ne  1b
    ldr   x2, [x21]
    add   x3, x21, #8
    mov   w4, w7
    str   x4, [x3, x2, lsl #3]
    add   x2, x2, #1
    str   x2, [x21]
3:  ret

// What is still in the queue is what was put in and not taken out.
test_check:
    str   x30, [sp, #-16]!
    shared x0, result + RESULT_RECORDS
    mov   x1, x24
    mov   x5, #0                        // number
    mov   x6, #0                        // values
1:  ldp   x2, x3, [x0, #R_COUNT]
    add   x5, x5, x2
    sub   x5, x5, x3
    ldp   x2, x3, [x0, #R_COUNT + 16]
    eor   x6, x6, x2
    eor   x6, x6, x3
    add   x0, x0, #R_BYTES
    subs  x1, x1, #1
    b.ne  1b
    ldr   x20, =POOL
    ldr   x19, =ARENA
    ldr   x7, [x19]
    mov   x8, #0
    mov   x9, #0
2:  mov   w7, w7
    add   x10, x20, x7, lsl #5
    ldr   x7, [x10]
    cbz   w7, 3f
    mov   w11, w7
    add   x10, x20, x11, lsl #5
    ldr   x11, [x10, #8]
    eor   x9, x9, x11
    add   x8, x8, #1
    cmp   x8, #MAX_CPUS * OWN_NODES
    b.ls  2b
3:  check_eq 2, x5, x8
    check_eq 3, x6, x9
    ldr   x30, [sp], #16
    ret
`,
  check: (r) => {
    const POOL = ARENA + 0x100000, node = (p: bigint) => POOL + 32 * Number(p & 0xffffffffn);
    let left = 0n;
    for (let p = r.wordAt(node(r.wordAt(ARENA))); (p & 0xffffffffn) !== 0n && left < 1000n; p = r.wordAt(node(p))) left++;
    const want = r.vcpus.reduce((n, v) => n + v.counters[0] - v.counters[1], 0n);
    return left === want ? [] : [`${left} values in the queue, not ${want}`];
  },
};

const seqlock: TortureGuest = {
  name: 'seqlock',
  summary: 'seqlock: even vCPUs write eight words under it, odd ones read them and never see two versions mixed',
  minVcpus: 2,
  source: String.raw`
test_setup:
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x19, sequence
    addr  x20, words
    tbnz  x27, #0, reader
writer:
    mov   x22, #32
1:  ldaxr x0, [x19]
    tbnz  x0, #0, 2f
    add   x1, x0, #1
    stxr  w2, x1, [x19]
    cbnz  w2, 1b
    dmb   ish                           // odd before the words
    stp   x1, x1, [x20]
    stp   x1, x1, [x20, #16]
    str   x1, [x20, #32]
    random x2
    tst   x2, #15
    b.ne  3f
    yield
3:  str   x1, [x20, #40]
    stp   x1, x1, [x20, #48]
    add   x1, x1, #1
    stlr  x1, [x19]
    subs  x22, x22, #1
    b.ne  1b
    ops   32
    bl    rt_more
    cbnz  w0, writer
    b     done
2:  clrex
    yield
    b     1b
reader:
    mov   x22, #32
4:  ldar  x0, [x19]
    tbnz  x0, #0, 5f
    ldp   x1, x2, [x20]
    ldp   x3, x4, [x20, #16]
    ldp   x5, x6, [x20, #32]
    ldp   x7, x8, [x20, #48]
    dmb   ishld
    ldr   x9, [x19]
    cmp   x9, x0
    b.ne  5f
    cbz   x0, 5f                        // nothing written yet
    sub   x0, x0, #1                    // what the writer of this version wrote
    check_eq 1, x0, x1
    check_eq 2, x0, x2
    check_eq 3, x0, x3
    check_eq 4, x0, x4
    check_eq 5, x0, x5
    check_eq 6, x0, x6
    check_eq 7, x0, x7
    check_eq 8, x0, x8
    count 0
    subs  x22, x22, #1
    b.ne  4b
    b     6f
5:  yield
    shared x0, stop
    ldar  x0, [x0]
    cbz   x0, 4b
6:  ops   32
    bl    rt_more
    cbnz  w0, reader
done:
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg
.balign 4096
sequence: .quad 0
.balign 64
words:    .space 64
.balign 4096
`,
  check: (r) => {
    const writes = r.vcpus.filter((_, n) => n % 2 === 0).reduce((n, v) => n + v.ops, 0n), version = r.word('sequence');
    return version === 2n * writes ? [] : [`sequence ${version} after ${writes} writes`];
  },
};

const rcu: TortureGuest = {
  name: 'rcu',
  summary: 'RCU-like reclamation: vCPU 0 replaces an object, waits until each reader was quiescent, poisons the old one',
  minVcpus: 2,
  source: String.raw`
// Objects: eight words, n, n + 1, …; a poisoned one is all ones. quiescent: a line a vCPU.
.equ OBJECTS, 4
test_setup:
    addr  x0, objects
    mov   x1, #0
1:  str   x1, [x0, x1, lsl #3]
    add   x1, x1, #1
    cmp   x1, #8
    b.ne  1b
    addr  x1, pointer
    str   x0, [x1]
    ret
test_run:
    str   x30, [sp, #-16]!
    addr  x19, pointer
    addr  x20, quiescent
    cbnz  x27, reader
    mov   x21, #0
writer:
    add   x21, x21, #1
    and   x0, x21, #OBJECTS - 1
    addr  x22, objects
    add   x22, x22, x0, lsl #6
    lsl   x1, x21, #4
    mov   x2, #0
1:  add   x3, x1, x2
    str   x3, [x22, x2, lsl #3]
    add   x2, x2, #1
    cmp   x2, #8
    b.ne  1b
    ldr   x23, [x19]
    stlr  x22, [x19]
    dmb   ish                           // published before the readers' counts are read
    mov   x2, #1
2:  add   x3, x20, x2, lsl #6
    ldar  x4, [x3]
3:  ldar  x5, [x3]
    cmp   x5, x4
    b.ne  4f
    yield
    bl    rt_more
    cbnz  w0, 3b
    b     done                          // a reader may have gone home
4:  add   x2, x2, #1
    cmp   x2, x24
    b.lo  2b
    mov   x0, #-1
    mov   x2, #0
5:  str   x0, [x23, x2, lsl #3]
    add   x2, x2, #1
    cmp   x2, #8
    b.ne  5b
    ops   1
    bl    rt_more
    cbnz  w0, writer
done:
    ops   1
    ldr   x30, [sp], #16
    ret
reader:
    mov   x22, #32
6:  ldar  x1, [x19]
    ldr   x2, [x1]
    tst   x2, #7
    b.eq  7f
    mov   x3, #0
    fail  1, x3, x2
7:  mov   x4, #0
8:  add   x5, x2, x4
    ldr   x6, [x1, x4, lsl #3]
    check_eq 2, x5, x6
    add   x4, x4, #1
    cmp   x4, #8
    b.ne  8b
    random x5
    tst   x5, #31
    b.ne  9f
    yield
9:  ldr   x6, [x1, #56]                 // still the same
    add   x5, x2, #7
    check_eq 3, x5, x6
    add   x3, x20, x27, lsl #6
    ldr   x4, [x3]
    add   x4, x4, #1
    stlr  x4, [x3]                      // quiescent; before the next load of the pointer
    subs  x22, x22, #1
    b.ne  6b
    ops   32
    bl    rt_more
    cbnz  w0, reader
    ldr   x30, [sp], #16
    ret
test_check:
    ret
.ltorg
.balign 4096
pointer:   .quad 0
.balign 64
objects:   .space 64 * OBJECTS
quiescent: .space 64 * MAX_CPUS
.balign 4096
`,
};

export const lockfreeGuests: readonly TortureGuest[] = [treiber, treiberCasp, treiberLdxp, msQueue, seqlock, rcu];
