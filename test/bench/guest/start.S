// Start of a benchmark guest: Image header, CPU bring-up with MMU and caches, exception vectors, EL0 system call loop.

#define MAIR      0xff00            // attribute 0: Device-nGnRnE; 1: Normal, write-back
#define TCR       0x280803510       // T0SZ 16, TTBR1 off, 4 KiB pages, write-back inner shareable, 40-bit physical addresses
#define SCTLR     0x34d5d81d        // MMU, caches, stack alignment, EL0 cache operations and WFI/WFE; the RES1 bits
#define STACK     0x8000            // bytes of a CPU's stack

        .section .head, "ax"
        .global _head
_head:  b       _start
        .long   0
        .quad   0x80000             // offset from a 2 MiB boundary
        .quad   _end - _head
        .quad   2                   // little-endian, 4 KiB pages
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   0

        .text
_start: mov     x19, x0             // the device tree
        ldr     x1, =_bss
        ldr     x2, =_bss_end
1:      stp     xzr, xzr, [x1], #16
        cmp     x1, x2
        b.lo    1b
        ldr     x1, =stacks + STACK
        mov     sp, x1
        bl      make_page_tables
        bl      enable_mmu
        mov     x0, x19
        bl      primary_main
1:      wfi
        b       1b

// PSCI CPU_ON enters here with the CPU's number in x0.
        .global secondary_start
secondary_start:
        mov     x19, x0
        ldr     x1, =stacks + STACK
        mov     x2, #STACK
        madd    x1, x0, x2, x1
        mov     sp, x1
        bl      enable_mmu
        mov     x0, x19
        bl      secondary_main
1:      wfi
        b       1b

enable_mmu:
        ldr     x0, =vectors
        msr     vbar_el1, x0
        mov     x0, #3 << 20        // FP and SIMD without traps
        msr     cpacr_el1, x0
        mov     x0, #3 << 8         // EL0 may read the counters
        msr     cntkctl_el1, x0
        ldr     x0, =MAIR
        msr     mair_el1, x0
        ldr     x0, =TCR
        msr     tcr_el1, x0
        ldr     x0, =page_tables
        msr     ttbr0_el1, x0
        tlbi    vmalle1
        dsb     sy
        isb
        ldr     x0, =SCTLR
        msr     sctlr_el1, x0
        isb
        ret

// u64 smccc(u64 function, u64 a, u64 b, u64 c)
        .global smccc
smccc:  hvc     #0
        ret

        .macro  entry label
        .balign 128
        b       \label
        .endm

        .balign 2048
vectors:
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected          // EL1 with SP_EL1: synchronous, IRQ, FIQ, SError
        entry   irq_el1
        entry   unexpected
        entry   unexpected
        entry   sync_el0            // EL0
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected
        entry   unexpected

unexpected:
        mrs     x0, esr_el1
        mrs     x1, elr_el1
        mrs     x2, far_el1
        b       unexpected_exception

irq_el1:
        sub     sp, sp, #160
        stp     x0, x1, [sp]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x30, [sp, #144]
        bl      handle_irq
        ldp     x0, x1, [sp]
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldp     x18, x30, [sp, #144]
        add     sp, sp, #160
        eret

// Saves what a kernel saves, calls system_calls[x8] with the caller's x0 to x5, returns its result.
sync_el0:
        sub     sp, sp, #272
        stp     x0, x1, [sp]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x19, [sp, #144]
        stp     x20, x21, [sp, #160]
        stp     x22, x23, [sp, #176]
        stp     x24, x25, [sp, #192]
        stp     x26, x27, [sp, #208]
        stp     x28, x29, [sp, #224]
        mrs     x21, sp_el0
        mrs     x22, elr_el1
        mrs     x23, spsr_el1
        stp     x30, x21, [sp, #240]
        stp     x22, x23, [sp, #256]
        mrs     x9, esr_el1
        lsr     x10, x9, #26
        cmp     x10, #0x15          // SVC from AArch64
        b.ne    unexpected
        tst     x9, #0xffff         // svc #1: leave EL0
        b.ne    leave_el0
        ldr     x10, =system_calls
        and     x8, x8, #3
        ldr     x10, [x10, x8, lsl #3]
        blr     x10
        ldp     x22, x23, [sp, #256]
        ldp     x30, x21, [sp, #240]
        msr     sp_el0, x21
        msr     elr_el1, x22
        msr     spsr_el1, x23
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldp     x18, x19, [sp, #144]
        ldp     x20, x21, [sp, #160]
        ldp     x22, x23, [sp, #176]
        ldp     x24, x25, [sp, #192]
        ldp     x26, x27, [sp, #208]
        ldp     x28, x29, [sp, #224]
        ldr     x1, [sp, #8]
        add     sp, sp, #272
        eret

// u64 run_el0(u64 count, void *entry): runs `entry` at EL0 until it says svc #1; returns its x0.
        .global run_el0
run_el0:
        stp     x29, x30, [sp, #-96]!
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        msr     elr_el1, x1
        msr     spsr_el1, xzr       // EL0t, interrupts enabled
        eret
leave_el0:
        ldr     x0, [sp]
        add     sp, sp, #272
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     x29, x30, [sp], #96
        ret

// At EL0: x0 system calls, numbers 0 to 3 in turn; ends with the sum of their results.
        .global el0_system_calls
el0_system_calls:
        mov     x19, x0
        mov     x20, #0
1:      mov     x0, x19
        and     x8, x19, #3
        svc     #0
        add     x20, x20, x0
        subs    x19, x19, #1
        b.ne    1b
        mov     x0, x20
        svc     #1

        .section .bss
        .balign 4096
stacks: .space  8 * STACK
