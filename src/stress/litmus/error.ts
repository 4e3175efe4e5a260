// LitmusError: a litmus test that cannot be read or run, with the line that says why.

export class LitmusError extends Error {
  /** 1-based line of the file; 0 when no line is to blame. */
  readonly line: number;
  /** What is wrong, without the position. */
  readonly detail: string;
  /** The file to blame when it is not the .litmus file. */
  readonly file: string | undefined;

  constructor(line: number, detail: string, file?: string) {
    super(line > 0 ? `line ${line}: ${detail}` : detail);
    this.name = 'LitmusError';
    this.line = line;
    this.detail = detail;
    this.file = file;
  }
}
