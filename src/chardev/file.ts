// A file that takes the guest's output; it has no input.
import { close, open } from 'node:fs';
import { promisify } from 'node:util';
import { systemMessage, UserError } from '../errors.ts';
import { log } from '../log.ts';
import { fdSink } from './fd-sink.ts';
import { HostBackend } from './host-backend.ts';
import { OutputQueue } from './output-queue.ts';
import type { ChardevSpec } from './spec.ts';
import { FLUSH_MS } from './stdio.ts';

export class FileBackend extends HostBackend {
  readonly #path: string;
  readonly #fd: number;
  readonly #queue: OutputQueue;

  /** Opens the file. UserError `chardev-open` when it cannot. */
  static async open(spec: ChardevSpec & { readonly backend: 'file' }): Promise<FileBackend> {
    try {
      return new FileBackend(spec.id, spec.path, await promisify(open)(spec.path, spec.append ? 'a' : 'w', 0o666));
    } catch (error) {
      throw new UserError('chardev-open', `${spec.option}: Could not open '${spec.path}': ${systemMessage(error)}`);
    }
  }

  private constructor(id: string, path: string, fd: number) {
    super(id);
    this.#path = path;
    this.#fd = fd;
    this.#queue = new OutputQueue(id, fdSink(fd), {
      drained: () => this.frontend?.drained(),
      failed: (error) => {
        log().warn(`chardev '${id}': cannot write to '${path}': ${systemMessage(error)}`);
        this.frontend?.drained();
      },
    });
    this.setOpen(true);
  }

  describe(): string {
    return `file:${this.#path}`;
  }

  write(bytes: Uint8Array): boolean {
    return this.#queue.push(bytes);
  }

  async close(): Promise<void> {
    await this.#queue.idle(FLUSH_MS);
    this.#queue.close();
    await promisify(close)(this.#fd);
  }

  protected pauseInput(): void {}
  protected resumeInput(): void {}
}
