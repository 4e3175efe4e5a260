// A client of the gdb remote protocol, one packet at a time, for tests of the stub.
import { connect, type Socket } from 'node:net';

export class RspClient {
  readonly socket: Socket;
  #buffer = '';
  #wake: (() => void) | undefined;
  #ended = false;

  static async open(path: string): Promise<RspClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => { socket.once('connect', () => resolve()); socket.once('error', reject); });
    return new RspClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (d) => { this.#buffer += d.toString('latin1'); this.#wake?.(); });
    socket.on('close', () => { this.#ended = true; this.#wake?.(); });
  }

  send(packet: string): void {
    const sum = Buffer.from(packet, 'latin1').reduce((s, b) => (s + b) & 0xff, 0);
    this.socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`, 'latin1');
  }
  raw(bytes: string | Uint8Array): void { this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes); }

  /** The next packet that arrives. Error: Error when the line closes or `seconds` pass. */
  async receive(seconds = 20): Promise<string> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const m = /\$((?:[^#$])*)#[0-9a-f]{2}/.exec(this.#buffer);
      if (m) {
        this.#buffer = this.#buffer.slice(m.index + m[0].length);
        this.socket.write('+');
        return m[1];
      }
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) throw new Error(`${this.#ended ? 'the line was closed' : `${seconds} s passed`} before a packet came; waiting: ${this.#buffer}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }
  async ask(packet: string, seconds?: number): Promise<string> {
    this.send(packet);
    return this.receive(seconds);
  }
  /** Register n as a number. */
  async register(n: number): Promise<bigint> { return Buffer.from(await this.ask(`p${n.toString(16)}`), 'hex').reduceRight((v, b) => (v << 8n) | BigInt(b), 0n); }
  /** Eight bytes at a virtual address. */
  async u64(addr: bigint): Promise<bigint> { return Buffer.from(await this.ask(`m${addr.toString(16)},8`), 'hex').readBigUInt64LE(); }
  close(): void { this.socket.destroy(); }
}
