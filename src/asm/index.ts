// A small A64 assembler, GNU as's syntax: source text in, one flat image out. Imports nothing of the project.
//
// Labels, `1:` with 1b and 1f; comments // and /* */, and # at the start of a line; ';' between statements;
// expressions with GNU as's own precedence, `.`, :lo12: and :abs_gN:; `ldr reg, =value` with .ltorg;
// data, alignment and symbol directives, .macro .rept .irp .if, .req. Sections are flat: everything
// stays in the order written, linkage and debugging directives are ignored. No warnings: what GNU as
// cuts off with a warning (`.byte 256`) is an error here. SVE and SME are not covered.

export { assemble, assembleOne } from './assembler.ts'
export type { AssembleOptions, LineEntry, Program } from './assembler.ts'
export { AsmError } from './error.ts'
