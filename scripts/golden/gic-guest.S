// Bare-metal guest that runs single register accesses on any vCPU, on command over the PL011 (see gic-machine.ts).
//
// Command, 16 bytes little-endian: u8 kind, u8 cpu, u8 size or system register number, u8 0, u32 address, u64 value.
//   kind 1: read `size` bytes   2: write `size` bytes   3: read system register   4: write system register
// Answer: u64 result, u32 1 if the access was UNDEFINED, then 8 bits a vCPU: bit 0 = IRQ, bit 1 = FIQ pending in ISR_EL1.
//
// Registers: x19 own mailbox, x27 UNDEFINED flag, x28 number of vCPUs (boot vCPU). Mailboxes are 64 bytes:
//   +0 request number, +8 request done, +16 command, +32 result, +40 UNDEFINED flag, +44 ISR

        .equ UART, 0x09000000
        .equ RTC, 0x09010000
        .equ GPIO, 0x09030000

        .text
        .globl _start
_start: adr     x0, vectors
        msr     vbar_el1, x0
        adrp    x19, mailboxes
        add     x19, x19, :lo12:mailboxes

        // Sources of interrupts that stay raised, so that the mask of each device is its interrupt line.
        ldr     x1, =RTC
        ldr     w2, [x1]
        str     w2, [x1, #4]            // RTCMR = now
        ldr     x1, =GPIO
        mov     w2, #0xff
        str     w2, [x1, #0x404]        // level-sensitive, low: nobody drives the lines

        // Start the others.
        adr     x20, affinities
        ldr     w28, [x20], #8
        mov     x21, #1
1:      cmp     x21, x28
        b.hs    2f
        ldr     x0, =0xc4000003         // PSCI CPU_ON
        ldr     x1, [x20, x21, lsl #3]
        adr     x2, secondary
        add     x3, x19, x21, lsl #6
        hvc     #0
        add     x21, x21, #1
        b       1b
2:      mov     w0, #'!'                // ready; also raises TXRIS
        bl      putc

command:
        mov     x21, #0
        add     x22, x19, #16
1:      bl      getc
        strb    w0, [x22, x21]
        add     x21, x21, #1
        cmp     x21, #16
        b.lo    1b

        ldrb    w23, [x22, #1]
        add     x24, x19, x23, lsl #6   // mailbox of the vCPU meant
        cmp     x24, x19
        b.ne    2f
        bl      execute
        b       3f
2:      ldp     x0, x1, [x22]
        stp     x0, x1, [x24, #16]
        mov     x0, x24
        bl      request
3:      ldr     x25, [x24, #32]         // its answer
        ldr     w26, [x24, #40]
        mov     x21, #0                 // then every vCPU's interrupt state
4:      add     x24, x19, x21, lsl #6
        strb    wzr, [x24, #16]         // kind 0: nothing
        cbnz    x21, 5f
        bl      execute
        b       6f
5:      mov     x0, x24
        bl      request
6:      add     x21, x21, #1
        cmp     x21, x28
        b.lo    4b

        mov     x21, #8
7:      mov     x0, x25
        bl      putc
        lsr     x25, x25, #8
        subs    x21, x21, #1
        b.ne    7b
        mov     x21, #4
8:      mov     x0, x26
        bl      putc
        lsr     x26, x26, #8
        subs    x21, x21, #1
        b.ne    8b
        mov     x21, #0
9:      add     x24, x19, x21, lsl #6
        ldr     w0, [x24, #44]
        bl      putc
        add     x21, x21, #1
        cmp     x21, x28
        b.lo    9b
        b       command

// x0: mailbox. Hands its command over and waits for the answer.
request:
        ldr     x1, [x0]
        add     x1, x1, #1
        stlr    x1, [x0]
1:      wfe
        add     x2, x0, #8
        ldar    x2, [x2]
        cmp     x1, x2
        b.ne    1b
        ret

// x0: own mailbox.
secondary:
        mov     x19, x0
        adr     x0, vectors
        msr     vbar_el1, x0
1:      wfe
        ldar    x20, [x19]
        ldr     x0, [x19, #8]
        cmp     x0, x20
        b.eq    1b
        bl      execute
        add     x0, x19, #8
        stlr    x20, [x0]
        b       1b

// Runs the command in the own mailbox.
execute:
        mov     x15, x30
        mov     x27, #0
        ldrb    w1, [x19, #16]
        ldrb    w2, [x19, #18]
        ldr     w3, [x19, #20]
        ldr     x0, [x19, #24]
        cmp     x1, #1
        b.eq    read
        cmp     x1, #2
        b.eq    write
        cmp     x1, #3
        b.eq    sysread
        cmp     x1, #4
        b.eq    syswrite
done:   dsb     sy
        isb
        str     x0, [x19, #32]
        str     w27, [x19, #40]
        mrs     x0, isr_el1
        ubfx    x0, x0, #6, #2          // bit 0 = F, bit 1 = I
        rbit    w0, w0
        lsr     w0, w0, #30
        str     w0, [x19, #44]
        ret     x15

read:   cmp     x2, #2
        b.lo    1f
        b.eq    2f
        ldr     w0, [x3]
        b       done
1:      ldrb    w0, [x3]
        b       done
2:      ldrh    w0, [x3]
        b       done

write:  cmp     x2, #2
        b.lo    1f
        b.eq    2f
        str     w0, [x3]
        b       done
1:      strb    w0, [x3]
        b       done
2:      strh    w0, [x3]
        b       done

// Stubs of eight bytes: an access and a return.
sysread:
        adrp    x1, read_stubs
        add     x1, x1, :lo12:read_stubs
        add     x1, x1, x2, lsl #3
        blr     x1
        b       done
syswrite:
        adrp    x1, write_stubs
        add     x1, x1, :lo12:write_stubs
        add     x1, x1, x2, lsl #3
        blr     x1
        mov     x0, #0
        b       done

getc:   ldr     x1, =UART
1:      ldr     w0, [x1, #0x18]
        tbnz    w0, #4, 1b
        ldr     w0, [x1]
        ret

putc:   ldr     x1, =UART
1:      ldr     w2, [x1, #0x18]
        tbnz    w2, #5, 1b
        and     w0, w0, #0xff
        str     w0, [x1]
        ret

// Any synchronous exception: note it and go on behind the instruction.
        .balign 0x800
vectors:
        .space  0x200
        mov     x27, #1
        mov     x0, #0
        mrs     x14, elr_el1
        add     x14, x14, #4
        msr     elr_el1, x14
        eret
        .balign 0x800

        .ltorg
        .balign 8
