// Guest that erases, programs and queries the second flash and prints what reads give in each mode.
import { guestImage, vectorTable } from './runtime.ts';

const FLASH1 = 0x04000000;
/** A command to both chips. */
const command = (offset: number, code: number): string => `ldr x9, =${FLASH1 + offset}\n ldr w10, =${code | code << 16}\n str w10, [x9]`;
const show = (offset: number, insn = 'ldr w0'): string => `ldr x9, =${FLASH1 + offset}\n ${insn}, [x9]\n bl show`;

const STEPS: readonly string[] = [
  show(0), command(0, 0x90), show(0), show(4), show(8), command(0, 0xff), show(0),
  command(0x40, 0x98), show(0x40), show(0x44), show(0x48), show(0x40, 'ldrb w0'), command(0, 0xff),
  // Erase, look at the status, read the array again.
  command(0x40000, 0x20), show(0x40000), command(0x40000, 0xd0), show(0x40000), command(0, 0x50), show(0x40000), show(0x40000, 'ldr x0'),
  // Program a word and a half.
  command(0x40010, 0x10), `ldr x9, =${FLASH1 + 0x40010}\n ldr w10, =0x12345678\n str w10, [x9]`, show(0x40010), command(0, 0xff), show(0x40010), show(0x40012, 'ldrh w0'),
  // Through the buffer.
  command(0x40020, 0xe8), `ldr x9, =${FLASH1 + 0x40020}\n ldr w10, =0x10001\n str w10, [x9]`, `ldr w10, =0xcafe0001\n str w10, [x9]\n ldr w10, =0xcafe0002\n str w10, [x9, #4]`,
  command(0x40020, 0xd0), show(0x40020), command(0, 0xff), show(0x40020), show(0x40024),
  // Code in flash: run, programmed anew, run again.
  ...[0x5280b420, 0x5280b440].flatMap((mov) => [
    command(0x80000, 0x10), `ldr x9, =${FLASH1 + 0x80000}\n ldr w10, =${mov}\n str w10, [x9]`, command(0x80004, 0x10), `ldr x9, =${FLASH1 + 0x80004}\n ldr w10, =0xd65f03c0\n str w10, [x9]`,
    command(0, 0xff), `ldr x9, =${FLASH1 + 0x80000}\n ic ialluis\n dsb ish\n isb\n blr x9\n bl show`,
  ]),
  // Back and forth in a loop: sums of what was read.
  `mov x11, #0\n mov x12, #100\n1: ${command(0, 0x70)}\n ldr w13, [x9]\n add x11, x11, x13\n ${command(0, 0xff)}\n ldr w13, [x9, #0x10]\n add x11, x11, x13\n subs x12, x12, #1\n b.ne 1b\n mov x0, x11\n bl show`,
];

const SOURCE = `
main:
    mov   x29, x30
${STEPS.map((s) => `    ${s}\n    .ltorg_jump`).join('\n')}
    ret   x29
show:
    mov   x28, x30
    bl    puthex
    bl    newline
    ret   x28
${vectorTable(() => '    b     power_off')}
`;

/** Literals of each step follow it. */
export const flashGuest = (): Uint8Array => guestImage(SOURCE.replaceAll('.ltorg_jump', 'b 9f\n    .ltorg\n9:'));
