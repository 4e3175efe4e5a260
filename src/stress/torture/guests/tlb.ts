// Guests that change mappings under each other.
import type { TortureGuest } from '../guest.ts';

export const tlbShootdown: TortureGuest = {
  name: 'tlb-shootdown',
  summary: 'each vCPU remaps its page while all load, store and execute through it: TLBI by VA, ASID, range and all, inner shareable',
  source: String.raw`
// vCPU k owns two pages of the window, data at WINDOW + k * 8 KiB and code behind it, and FRAMES frames of each kind.
// A data frame: its version at 0, at 32 + 64 * j the number vCPU j stored last. Code frame f: mov w0, #f; ret.
.equ FRAMES, 16
.equ CODE_FRAMES, ARENA + MAX_CPUS * FRAMES * 4096

test_setup:
    str   x30, [sp, #-16]!
    ldr   x0, =CODE_FRAMES
    mov   x1, #0
    ldr   w2, =0x52800000               // movz w0, #0
    ldr   w3, =0xd65f03c0               // ret
1:  and   x4, x1, #FRAMES - 1
    orr   w4, w2, w4, lsl #5
    stp   w4, w3, [x0]
    sync_code x0, 8
    add   x0, x0, #4096
    add   x1, x1, #1
    cmp   x1, x24, lsl #4
    b.ne  1b
    // Version 0 is in frame 0; what executes starts there too.
    mov   x1, #0
2:  bl    frame_pte
    ldr   x0, =WINDOW_L3
    add   x0, x0, x1, lsl #4
    stp   x2, x3, [x0]
    add   x1, x1, #1
    cmp   x1, x24
    b.ne  2b
    dsb   ish
    isb
    addr  x0, fault
    str   x0, [x28, #hooks + 8 * 4 - data]
    ldr   x30, [sp], #16
    ret

// x2, x3 = descriptors of frame 0 of vCPU x1.
frame_pte:
    ldr   x2, =ARENA | PAGE_NG
    add   x2, x2, x1, lsl #16
    ldr   x3, =CODE_FRAMES | PAGE_NG
    add   x3, x3, x1, lsl #16
    ret

// Between break and make of a page, an access to it is tried again.
fault:
    mrs   x2, esr_el1
    ubfx  x3, x2, #26, #6
    and   x4, x3, #~4                   // 0x21 instruction abort, 0x25 data abort
    cmp   x4, #0x21
    b.ne  rt_unexpected
    and   x3, x2, #0x3f
    cmp   x3, #7                        // translation, level 3
    b.ne  rt_unexpected
    mrs   x3, far_el1
    lsr   x3, x3, #21
    cmp   x3, #WINDOW >> 21
    b.ne  rt_unexpected
    count 0
    yield
    ret

test_run:
    str   x30, [sp, #-16]!
    addr  x20, epochs
    mov   x21, #0                       // own version
    mov   x19, #0                       // numbers stored
next:
    bl    remap
    ops   1
    mov   x22, #0
    // Everybody's pages, some times.
1:  random x0
    ubfx  x18, x0, #0, #16
    udiv  x1, x18, x24
    msub  x18, x1, x24, x18             // whose
    add   x3, x20, x18, lsl #6
    lsl   x4, x18, #13
    ldr   x5, =WINDOW
    add   x23, x4, x5                   // the data page
    ldar  x6, [x3]
    ldr   x0, [x23]                     // the version behind the mapping
    dmb   ishld
    ldr   x7, [x3]
    cmp   x0, x6
    b.lo  2f
    add   x7, x7, #1
    cmp   x0, x7
    b.ls  3f
2:  fail  1, x6, x0
3:  add   x19, x19, #1
    add   x4, x23, x27, lsl #6
    str   x19, [x4, #32]
    // The code page.
    ldar  x6, [x3]
    isb
    add   x4, x23, #4096
    blr   x4
    isb
    ldr   x7, [x3]
    sub   x4, x0, x6
    and   x4, x4, #FRAMES - 1
    sub   x7, x7, x6
    add   x7, x7, #1
    cmp   x4, x7
    b.ls  4f
    fail  2, x6, x0
4:  add   x22, x22, #1
    cmp   x22, #24
    b.ne  1b
    bl    rt_more
    cbnz  w0, next
    str   x21, [x26, #R_COUNT + 8]
    ldr   x30, [sp], #16
    ret

// Version x21 + 1 of this vCPU's pages: another frame, break before make.
remap:
    str   x30, [sp, #-64]!
    add   x21, x21, #1
    and   x0, x21, #FRAMES - 1
    ldr   x1, =ARENA
    add   x1, x1, x27, lsl #16
    add   x1, x1, x0, lsl #12           // the new frame
    // Nobody stored to it since it was taken away: a stale entry would.
    addr  x2, marks
    add   x2, x2, x27, lsl #7
    add   x2, x2, x0, lsl #3
    str   x1, [sp, #16]
    bl    sum_frame
    ldr   x4, [x2]
    check_eq 3, x4, x3
    ldr   x1, [sp, #16]
    str   x21, [x1]
    // Break.
    ldr   x5, =WINDOW_L3
    add   x5, x5, x27, lsl #4
    stp   xzr, xzr, [x5]
    dsb   ishst
    ldr   x6, =WINDOW >> 12
    add   x6, x6, x27, lsl #1           // VA >> 12
    ldr   x7, =ASID << 48
    orr   x8, x6, x7
    add   x9, x8, #1
    random x0
    ubfx  x0, x0, #5, #3
    mrs   x1, id_aa64isar0_el1          // TLB, bits 59…56: 2 with range operations
    ubfx  x1, x1, #56, #4
    cmp   x1, #2
    and   x1, x0, #3
    csel  x0, x0, x1, eq
    adr   x1, variants
    add   x1, x1, x0, lsl #4
    br    x1
variants:                               // 16 bytes each
    tlbi  vae1is, x8
    tlbi  vae1is, x9
    b     flushed
    nop
    tlbi  vaale1is, x6
    b     vaale_code
    nop
    nop
    tlbi  aside1is, x7
    b     flushed
    nop
    nop
    tlbi  vmalle1is
    b     flushed
    nop
    nop
    b     range_all_asids
    nop
    nop
    nop
    b     range
    nop
    nop
    nop
    tlbi  vale1is, x8
    tlbi  vale1is, x9
    b     flushed
    nop
    tlbi  vaae1is, x6
    add   x6, x6, #1
    tlbi  vaae1is, x6
    b     flushed
vaale_code:
    add   x6, x6, #1
    tlbi  vaale1is, x6
    b     flushed
// Range operand: BaseADDR 36…0, NUM 43…39, SCALE 45…44, TG 47…46 (1: 4 KiB), ASID; (NUM + 1) << (5 * SCALE + 1) pages.
range_all_asids:
    orr   x6, x6, #1 << 46
    tlbi  rvaae1is, x6
    count 2
    b     flushed
range:
    orr   x8, x8, #1 << 46
    tlbi  rvale1is, x8
    count 2
flushed:
    dsb   ish
    // The frame taken away does not change any more.
    sub   x0, x21, #1
    and   x0, x0, #FRAMES - 1
    ldr   x1, =ARENA
    add   x1, x1, x27, lsl #16
    add   x1, x1, x0, lsl #12
    bl    sum_frame
    addr  x2, marks
    add   x2, x2, x27, lsl #7
    str   x3, [x2, x0, lsl #3]
    // Make.
    ldr   x1, [sp, #16]
    mov   x0, #PAGE_NG
    orr   x2, x1, x0
    ldr   x3, =CODE_FRAMES - ARENA
    add   x3, x2, x3
    stp   x2, x3, [x5]
    dsb   ishst
    isb
    add   x3, x20, x27, lsl #6
    stlr  x21, [x3]
    ldr   x30, [sp], #64
    ret

// x3 = sum of what the vCPUs stored to the frame at x1; clobbers x4, x10, x11.
sum_frame:
    mov   x3, #0
    mov   x10, x24
    add   x11, x1, #32
1:  ldr   x4, [x11], #64
    ror   x3, x3, #7
    add   x3, x3, x4
    subs  x10, x10, #1
    b.ne  1b
    ret
test_check:
    ret
.ltorg
.balign 4096
epochs: .space 64 * MAX_CPUS
marks:  .space 8 * FRAMES * MAX_CPUS
.balign 4096
`,
  check: (r) => (r.vcpus.every((v) => v.counters[1] > 0n) ? [] : ['a vCPU remapped nothing']),
};

export const tlbGuests: readonly TortureGuest[] = [tlbShootdown];
