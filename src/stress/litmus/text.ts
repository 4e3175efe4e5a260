// Text of a .litmus file: comments blanked out, a scanner that knows its line.
import { LitmusError } from './error.ts';

/** Replaces `(* … *)`, which nest, by spaces: every offset keeps its line. */
export function blankComments(text: string): string {
  let out = '', from = 0, depth = 0, opened = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.startsWith('(*', i)) {
      if (depth++ === 0) { out += text.slice(from, i); from = opened = i; }
      i++;
    } else if (depth > 0 && text.startsWith('*)', i)) {
      i++;
      if (--depth === 0) { out += text.slice(from, i + 1).replace(/[^\n]/g, ' '); from = i + 1; }
    }
  }
  if (depth > 0) throw new LitmusError(lineAt(text, opened), "the comment '(*' is never closed");
  return out + text.slice(from);
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** A cursor over part of a file. */
export class Scanner {
  readonly text: string;
  readonly end: number;
  at: number;

  constructor(text: string, at = 0, end = text.length) {
    this.text = text;
    this.at = at;
    this.end = end;
  }

  skipSpace(): void { while (this.at < this.end && /\s/.test(this.text[this.at])) this.at++; }
  atEnd(): boolean { this.skipSpace(); return this.at >= this.end; }

  /** Takes what the regular expression (sticky) matches after white space. */
  take(re: RegExp): RegExpExecArray | undefined {
    this.skipSpace();
    re.lastIndex = this.at;
    const m = re.exec(this.text);
    if (!m || this.at + m[0].length > this.end) return undefined;
    this.at += m[0].length;
    return m;
  }

  /** At the end of the text the last line that says something is to blame. */
  fail(detail: string, at = this.at): never { throw new LitmusError(lineAt(this.text, Math.min(at, this.text.trimEnd().length)), detail); }

  /** What stands at the cursor, for messages. */
  found(): string {
    this.skipSpace();
    if (this.at >= this.end) return 'the end of the file';
    return `'${this.text.slice(this.at, this.end).split(/[\n;]/, 1)[0].trim().slice(0, 30).replace(/[^\x20-\x7e]/g, '?')}'`;
  }
}
