// AsmError: the one error the assembler throws, with the source line, its text, and what is wrong.

/**
 * A mistake in assembly source. `line` is 1-based (0 when there is no source, as in `assembleOne`),
 * `text` is the offending statement, `detail` says what is wrong without the position.
 */
export class AsmError extends Error {
  readonly detail: string
  readonly line: number
  readonly text: string

  constructor(detail: string, line = 0, text = '', via = '') {
    super(`${line > 0 ? `line ${line}: ` : ''}${detail}${text === '' ? '' : ` in \`${text}\``}${via}`)
    this.name = 'AsmError'
    this.detail = detail
    this.line = line
    this.text = text
  }

  /** The same error with a position (and `via`, the macro call it came from), unless it already has one. */
  at(line: number, text: string, via = ''): AsmError {
    return this.text === '' ? new AsmError(this.detail, line, text, via) : this
  }
}
