// Drives an emulator process by its serial console: waits for text, types, collects the exit code.
import { spawn, type ChildProcess } from 'node:child_process';

export class Console {
  readonly child: ChildProcess;
  /** Everything printed so far. */
  text = '';
  readonly exit: Promise<number | null>;
  #from = 0;
  #wake: (() => void)[] = [];
  #ended = false;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    const take = (d: Buffer) => { this.text += d.toString('latin1'); this.#notify(); };
    this.child.stdout!.on('data', take);
    this.child.stderr!.on('data', take);
    this.child.stdin!.on('error', () => {});
    this.exit = new Promise((resolve) => this.child.on('close', (code) => { this.#ended = true; this.#notify(); resolve(code); }));
  }
  #notify(): void { for (const w of this.#wake.splice(0)) w(); }

  /** Resolves with the text up to the first match after what was matched before; rejects when the process ends or `seconds` pass. */
  async expect(pattern: RegExp, seconds: number): Promise<string> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const m = pattern.exec(this.text.slice(this.#from));
      if (m) {
        const out = this.text.slice(this.#from, this.#from + m.index + m[0].length);
        this.#from += m.index + m[0].length;
        return out;
      }
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) {
        throw new Error(`${this.#ended ? 'the emulator ended' : `${seconds} s passed`} before ${pattern}; last output:\n${this.text.slice(-2000)}`);
      }
      await new Promise<void>((resolve) => {
        const t = setTimeout(resolve, left);
        this.#wake.push(() => { clearTimeout(t); resolve(); });
      });
    }
  }
  type(text: string): void { this.child.stdin!.write(text); }
  kill(): void { this.child.kill('SIGKILL'); }
}

/** Runs mttcg with the given arguments. */
export const mttcg = (args: readonly string[], env?: NodeJS.ProcessEnv): Console => new Console(process.execPath, ['bin/mttcg.js', ...args], env);
