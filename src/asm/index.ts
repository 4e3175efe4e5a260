// A small A64 assembler, GNU as's syntax: source text in, one flat image out. Imports nothing of the project.

export { assemble, assembleOne } from './assembler.ts'
export type { AssembleOptions, LineEntry, Program } from './assembler.ts'
export { AsmError } from './error.ts'
