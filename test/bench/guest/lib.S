// memcpy, memmove, memset, memcmp and strlen of the benchmark guests, in the manner of a C library: 64 bytes a turn, general registers.
        .text
        .global memcpy, memmove, memset, memcmp, strlen

memmove:
        sub     x3, x0, x1
        cmp     x3, x2
        b.hs    memcpy              // not (source < destination < end of source)
        add     x4, x0, x2
        add     x1, x1, x2
1:      cbz     x2, 3f
        cmp     x2, #16
        b.lo    2f
        ldp     x5, x6, [x1, #-16]!
        stp     x5, x6, [x4, #-16]!
        sub     x2, x2, #16
        b       1b
2:      ldrb    w5, [x1, #-1]!
        strb    w5, [x4, #-1]!
        subs    x2, x2, #1
        b.ne    2b
3:      ret

memcpy: mov     x3, x0
        cmp     x2, #64
        b.lo    2f
1:      ldp     x4, x5, [x1]
        ldp     x6, x7, [x1, #16]
        ldp     x8, x9, [x1, #32]
        ldp     x10, x11, [x1, #48]
        add     x1, x1, #64
        stp     x4, x5, [x3]
        stp     x6, x7, [x3, #16]
        stp     x8, x9, [x3, #32]
        stp     x10, x11, [x3, #48]
        add     x3, x3, #64
        sub     x2, x2, #64
        cmp     x2, #64
        b.hs    1b
2:      tbz     x2, #5, 3f
        ldp     x4, x5, [x1], #16
        ldp     x6, x7, [x1], #16
        stp     x4, x5, [x3], #16
        stp     x6, x7, [x3], #16
3:      tbz     x2, #4, 4f
        ldp     x4, x5, [x1], #16
        stp     x4, x5, [x3], #16
4:      tbz     x2, #3, 5f
        ldr     x4, [x1], #8
        str     x4, [x3], #8
5:      tbz     x2, #2, 6f
        ldr     w4, [x1], #4
        str     w4, [x3], #4
6:      tbz     x2, #1, 7f
        ldrh    w4, [x1], #2
        strh    w4, [x3], #2
7:      tbz     x2, #0, 8f
        ldrb    w4, [x1]
        strb    w4, [x3]
8:      ret

memset: mov     x3, x0
        and     x1, x1, #0xff
        orr     x1, x1, x1, lsl #8
        orr     x1, x1, x1, lsl #16
        orr     x1, x1, x1, lsl #32
1:      cmp     x2, #32
        b.lo    2f
        stp     x1, x1, [x3]
        stp     x1, x1, [x3, #16]
        add     x3, x3, #32
        sub     x2, x2, #32
        b       1b
2:      cbz     x2, 3f
        strb    w1, [x3], #1
        sub     x2, x2, #1
        b       2b
3:      ret

memcmp: mov     x3, x0
        mov     w0, #0
1:      cbz     x2, 2f
        ldrb    w4, [x3], #1
        ldrb    w5, [x1], #1
        sub     x2, x2, #1
        subs    w0, w4, w5
        b.eq    1b
2:      ret

strlen: mov     x1, x0
1:      ldrb    w2, [x1], #1
        cbnz    w2, 1b
        sub     x0, x1, x0
        sub     x0, x0, #1
        ret
