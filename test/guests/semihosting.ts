// Guest that makes semihosting calls and prints what each returns. Appending is left out: QEMU 7.2 overwrites instead.
import { guestImage, vectorTable } from './runtime.ts';

/** A call with a block of arguments; the result is printed. */
const call = (op: number, ...args: readonly (string | number)[]): string =>
  `ldr x9, =block\n${args.map((a, n) => ` ldr x10, =${a}\n str x10, [x9, #${8 * n}]`).join('\n')}\n mov x1, x9\n mov w0, #${op}\n hlt #0xf000\n bl show`;
/** Remembers the last result as a handle, for `handle` below. */
const KEEP = 'mov x27, x26';
const withHandle = (op: number, ...args: readonly (string | number)[]): string =>
  `ldr x9, =block\n str x27, [x9]\n${args.map((a, n) => ` ldr x10, =${a}\n str x10, [x9, #${8 * n + 8}]`).join('\n')}\n mov x1, x9\n mov w0, #${op}\n hlt #0xf000\n bl show`;
const SHOW_BUFFER = 'ldr x9, =buffer\n ldr x0, [x9]\n bl puthex\n ldr x9, =buffer\n ldr x0, [x9, #8]\n str xzr, [x9]\n str xzr, [x9, #8]\n bl puthex\n bl newline';
const open = (name: string, length: number, mode: number): string => `${call(0x01, name, mode, length)}\n ${KEEP}`;

const STEPS: readonly string[] = [
  open('name', 18, 4), withHandle(0x05, 'text', 13), withHandle(0x0c), withHandle(0x09), withHandle(0x02), withHandle(0x02), call(0x13),
  open('name', 18, 0), withHandle(0x0c), withHandle(0x06, 'buffer', 5), SHOW_BUFFER, withHandle(0x06, 'buffer', 16), SHOW_BUFFER, withHandle(0x06, 'buffer', 4),
  withHandle(0x0a, 7), withHandle(0x06, 'buffer', 3), SHOW_BUFFER, withHandle(0x02),
  open('name', 18, 2), withHandle(0x0a, 11), withHandle(0x06, 'buffer', 16), SHOW_BUFFER, withHandle(0x02),
  call(0x0f, 'name', 18, 'other', 17), open('name', 18, 0), call(0x13), call(0x0e, 'other', 17), call(0x0e, 'other', 17), call(0x13),
  open('features', 21, 0), withHandle(0x0c), withHandle(0x06, 'buffer', 8), SHOW_BUFFER, withHandle(0x02),
  open('console', 3, 4), withHandle(0x09), withHandle(0x02), call(0x08, 0), call(0x08, -5), call(0x31),
];

const SOURCE = `
main:
${STEPS.map((s) => `    ${s}\n    b 9f\n    .ltorg\n9:`).join('\n')}
    ldr   x1, =block
    ldr   x9, =0x20026
    str   x9, [x1]
    str   xzr, [x1, #8]
    mov   w0, #0x18
    hlt   #0xf000
show:
    mov   x28, x30
    mov   x26, x0
    bl    puthex
    bl    newline
    ret   x28
name:     .ascii "mttcg-semihost.tmp\\0"
other:    .ascii "mttcg-semihost.2.\\0"
text:     .ascii "hello, world\\n"
features: .ascii ":semihosting-features\\0"
console:  .ascii ":tt\\0"
.balign 8
block:    .space 64
buffer:   .space 64
${vectorTable(() => '    b     power_off')}
`;

export const semihostingGuest = (): Uint8Array => guestImage(SOURCE);

/** Ends with a status by semihosting, after calls whose arguments lead nowhere. */
export const semihostingExitGuest = (code: number): Uint8Array => guestImage(`
main:
    mov   x20, #1
1:  mov   x0, x20
    ldr   x1, =0x10000100000
    cmp   x20, #0x18
    b.eq  2f
    cmp   x20, #0x20
    b.eq  2f
    hlt   #0xf000
    ldr   x1, =garbage
    mov   x0, x20
    hlt   #0xf000
2:  add   x20, x20, #1
    cmp   x20, #0x40
    b.ne  1b
    ldr   x1, =block
    mov   x0, #0x20
    hlt   #0xf000
    ret
.balign 8
block:    .quad 0x20026, ${code}
garbage:  .quad 1, image_end, 0x7fffffffffffffff, -1, -1, -1
${vectorTable(() => '    b     power_off')}
`);
