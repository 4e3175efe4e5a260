// What a character device back end is, as data: the result of `-chardev`, `-serial`, `-monitor`, the input of openChardevs().

/** Where a socket back end listens or connects. */
export type SocketAddress =
  | { readonly type: 'unix'; readonly path: string }
  /** An empty host is every address for a server, this machine for a client. `to`: last port to try when listening. */
  | { readonly type: 'inet'; readonly host: string; readonly port: number; readonly to?: number };

export interface SocketSpec {
  readonly backend: 'socket';
  readonly address: SocketAddress;
  readonly server: boolean;
  /** Server: the machine starts when the first client has connected. */
  readonly wait: boolean;
  readonly nodelay: boolean;
  /** Client: seconds between attempts to connect again; 0 = never. */
  readonly reconnect: number;
}

export type BackendSpec =
  | { readonly backend: 'null' }
  /** `signal`: Ctrl-C, Ctrl-\ and Ctrl-Z act on the emulator instead of going to the guest. */
  | { readonly backend: 'stdio'; readonly signal: boolean }
  | { readonly backend: 'file'; readonly path: string; readonly append: boolean }
  | SocketSpec
  /** Bytes kept, a power of two. */
  | { readonly backend: 'ringbuf'; readonly size: number };

export type ChardevSpec = BackendSpec & {
  readonly id: string;
  /** Several front ends share it, switched with the escape key. */
  readonly mux: boolean;
  /** The option that asked for it, as typed: errors begin with it. */
  readonly option: string;
};

export interface MonitorSpec {
  readonly chardev: string;
  /** The human monitor or QMP. */
  readonly mode: 'readline' | 'control';
  /** QMP: JSON with line breaks. */
  readonly pretty: boolean;
}

/** The character devices of a machine. */
export interface ChardevOptions {
  readonly chardevs: readonly ChardevSpec[];
  /** Chardev id of each serial port; null for `-serial none`. */
  readonly serials: readonly (string | null)[];
  readonly monitors: readonly MonitorSpec[];
  /** Chardev id of the gdb stub, when there is one. */
  readonly gdb: string | undefined;
  /** Escape key of multiplexers (`-echr`), 1 = Ctrl-A. */
  readonly escapeChar: number;
}

/** Most front ends that one multiplexer serves. */
export const MAX_MUX = 4;

/** How a socket is called in messages: QEMU's spelling of the address. */
export function formatAddress(address: SocketAddress): string {
  return address.type === 'unix' ? address.path : `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
