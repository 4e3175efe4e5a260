// The QMP server of a machine: checks requests against the schemas, dispatches them to the commands, and broadcasts events.
import { UserError } from '../errors.ts';
import { log } from '../log.ts';
import { QmpError } from './errors.ts';
import { JsonError, type Json, type JsonObject } from './json.ts';
import { qmpSchema, type QmpSchema } from './schema.ts';
import type { QmpSession } from './session.ts';
import type { QmpCommands, VersionInfo } from './types.ts';

/** What a command gets besides its arguments. */
export interface QmpCall {
  /** Undefined when called from code. */
  readonly session: QmpSession | undefined;
  readonly server: QmpServer;
}

export type QmpHandler<C, K extends keyof QmpCommands> = (context: C, args: QmpCommands[K]['arguments'], call: QmpCall) => QmpCommands[K]['returns'] | Promise<QmpCommands[K]['returns']>;
/** Handlers of all commands, or of some. */
export type QmpHandlers<C> = { readonly [K in keyof QmpCommands]: QmpHandler<C, K> };

/** Events that are sent at most once a second each: the newest of a second. QEMU's table. */
const RATE_LIMITED_MS: Readonly<Record<string, number>> = { RTC_CHANGE: 1000, BALLOON_CHANGE: 1000, WATCHDOG: 1000, MEMORY_DEVICE_SIZE_CHANGE: 1000, VSERPORT_CHANGE: 1000 };

export interface QmpServerOptions {
  readonly version: VersionInfo;
  /** No machine yet: only commands marked allow-preconfig are answered. */
  readonly preconfig: () => boolean;
  /** Runs a checked command. */
  readonly run: (name: string, args: JsonObject, call: QmpCall) => Promise<Json | undefined>;
}

const isObject = (v: Json): v is JsonObject => typeof v === 'object' && v !== null && !Array.isArray(v);

export class QmpServer {
  readonly #o: QmpServerOptions;
  readonly #sessions = new Set<QmpSession>();
  readonly #limited = new Map<string, { pending: JsonObject | undefined; timer: NodeJS.Timeout }>();

  constructor(o: QmpServerOptions) {
    this.#o = o;
  }

  /** Read when the first request comes. */
  get schema(): QmpSchema { return qmpSchema(); }

  version(): VersionInfo {
    return this.#o.version;
  }

  add(session: QmpSession): void {
    this.#sessions.add(session);
  }

  /** Stops what would keep the process alive. */
  close(): void {
    for (const { timer } of this.#limited.values()) clearTimeout(timer);
    this.#limited.clear();
    this.#sessions.clear();
  }

  /** Sends an event to every monitor that has negotiated. */
  event(name: string, data?: Readonly<Record<string, unknown>>): void {
    const us = Math.round((performance.timeOrigin + performance.now()) * 1000);
    const value: JsonObject = {
      timestamp: { seconds: Math.floor(us / 1e6), microseconds: us % 1e6 }, event: name, ...(data === undefined ? {} : { data: data as JsonObject }),
    };
    const ms = RATE_LIMITED_MS[name];
    const key = name === 'VSERPORT_CHANGE' ? `${name} ${String(data?.id)}` : name;
    const limit = this.#limited.get(key);
    if (limit) limit.pending = value;
    else {
      this.#broadcast(value);
      if (ms !== undefined) this.#hold(key, ms);
    }
  }

  #hold(key: string, ms: number): void {
    const timer = setTimeout(() => {
      const { pending } = this.#limited.get(key)!;
      this.#limited.delete(key);
      if (!pending) return;
      this.#broadcast(pending);
      this.#hold(key, ms);
    }, ms);
    timer.unref();
    this.#limited.set(key, { pending: undefined, timer });
  }

  #broadcast(value: JsonObject): void {
    for (const session of this.#sessions) session.sendEvent(value);
  }

  /** One message of a client; the reply, always with its `id`. */
  async execute(session: QmpSession, request: Json | JsonError, oobEnabled: boolean): Promise<JsonObject | undefined> {
    if (request instanceof JsonError) return errorReply(undefined, new QmpError(request.message));
    if (!isObject(request)) return errorReply(undefined, new QmpError('QMP input must be a JSON object'));
    const { id } = request;
    try {
      const { name, args, oob } = parseRequest(request, oobEnabled);
      const value = await this.#dispatch(name, args, oob, session);
      return { return: value ?? {}, ...(id === undefined ? {} : { id }) };
    } catch (error) {
      return errorReply(id, asError(error));
    }
  }

  /** The same from code: typed, without negotiation. QmpError when the command fails. */
  async call<K extends keyof QmpCommands>(name: K, ...args: Record<string, never> extends QmpCommands[K]['arguments'] ? [QmpCommands[K]['arguments']?] : [QmpCommands[K]['arguments']]): Promise<QmpCommands[K]['returns']> {
    try {
      return await this.#dispatch(name, (args[0] ?? {}) as JsonObject, false, undefined) as QmpCommands[K]['returns'];
    } catch (error) {
      throw asError(error);
    }
  }

  async #dispatch(name: string, args: JsonObject, oob: boolean, session: QmpSession | undefined): Promise<Json | undefined> {
    if (session && !session.negotiated && name !== 'qmp_capabilities') {
      throw new QmpError("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound');
    }
    const command = this.schema.commands.get(name);
    if (!command) throw new QmpError(`The command ${name} has not been found`, 'CommandNotFound');
    if (oob && !command['allow-oob']) throw new QmpError(`The command ${name} does not support OOB`);
    if (this.#o.preconfig() && !command['allow-preconfig']) throw new QmpError(`The command ${name} isn't permitted in 'preconfig' state`);
    this.schema.checkArguments(command, args);
    if (session?.negotiated && name === 'qmp_capabilities') {
      throw new QmpError('Capabilities negotiation is already complete, command ignored', 'CommandNotFound');
    }
    return this.#o.run(name, args, { session, server: this });
  }
}

/** The members of a request. QmpError for what cannot be one. */
function parseRequest(request: JsonObject, oobEnabled: boolean): { name: string; args: JsonObject; oob: boolean } {
  const oob = oobEnabled && 'exec-oob' in request;
  const key = oob ? 'exec-oob' : 'execute';
  for (const [member, value] of Object.entries(request)) {
    if (member === 'execute' || (member === 'exec-oob' && oobEnabled)) {
      if (oob && member === 'execute') throw new QmpError("QMP input member 'execute' clashes with 'exec-oob'");
      if (typeof value !== 'string') throw new QmpError(`QMP input member '${member}' must be a string`);
    } else if (member === 'arguments') {
      if (!isObject(value)) throw new QmpError("QMP input member 'arguments' must be an object");
    } else if (member !== 'id') throw new QmpError(`QMP input member '${member}' is unexpected`);
  }
  if (!(key in request)) throw new QmpError("QMP input lacks member 'execute'");
  return { name: request[key] as string, args: (request.arguments ?? {}) as JsonObject, oob };
}

/** What a command threw, as the client sees it. A fault of ours is logged, and answered all the same. */
function asError(error: unknown): QmpError {
  if (error instanceof QmpError) return error;
  if (error instanceof UserError) return new QmpError(error.message);
  log().error({ err: error }, 'internal error in a QMP command');
  return new QmpError(`internal error: ${(error as Error).message}`);
}

const errorReply = (id: Json | undefined, e: QmpError): JsonObject => ({ ...(id === undefined ? {} : { id }), error: { class: e.class, desc: e.message } });
