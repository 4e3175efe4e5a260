// Objects that users add: memory back ends, sources of randomness, secrets.
import { readFileSync } from 'node:fs';
import { systemMessage, UserError } from '../errors.ts';

/** Values of an object's properties as the user gave them, checked against the schema. */
export type ObjectProperties = Readonly<Record<string, unknown>>;

/** `-object`; `where` is the option as typed. */
export interface ObjectOption {
  readonly where: string;
  readonly type: string;
  readonly id: string;
  readonly properties: ObjectProperties;
}

export interface UserObject {
  readonly type: string;
  readonly properties: ObjectProperties;
  /** Something refers to it: it cannot be deleted. */
  used: boolean;
}

/** What QEMU's memory back ends have when nothing is said. */
const MEMORY_BACKEND_DEFAULTS: ObjectProperties = {
  share: false, dump: true, policy: 'default', prealloc: false, reserve: true, 'host-nodes': [], merge: true,
};

const fail = (message: string) => new UserError('bad-object', message);

/** What an object needs to be complete. UserErrors with QEMU's texts. */
function complete(type: string, properties: ObjectProperties): ObjectProperties {
  if (type === 'memory-backend-ram') {
    if (Number(properties.size) <= 0) throw fail("property 'size' of memory-backend-ram doesn't take value '0'");
    return { ...MEMORY_BACKEND_DEFAULTS, ...properties };
  }
  if (type === 'secret') {
    const { file, data } = properties as { file?: string; data?: string };
    if (file !== undefined && data !== undefined) throw fail("'file' and 'data' are mutually exclusive");
    if (file === undefined && data === undefined) throw fail("Either 'file' or 'data' must be provided");
    if (file !== undefined) {
      try {
        readFileSync(file);
      } catch (error) {
        throw fail(`Unable to read ${file}: Failed to open file “${file}”: ${systemMessage(error)}`);
      }
    }
  }
  return properties;
}

export class UserObjects {
  readonly #objects = new Map<string, UserObject>();

  /** UserErrors with QEMU's texts. */
  add(type: string, id: string, properties: ObjectProperties): void {
    if (!/^[a-z][\w.-]*$/i.test(id)) throw fail("Parameter 'id' expects an identifier");
    if (this.#objects.has(id) || id === 'mach-virt.ram') throw fail(`attempt to add duplicate property '${id}' to object (type 'container')`);
    this.#objects.set(id, { type, properties: complete(type, properties), used: false });
  }

  delete(id: string): void {
    const o = this.#objects.get(id);
    if (!o) throw fail(`object '${id}' not found`);
    if (o.used) throw fail(`object '${id}' is in use, can not be deleted`);
    this.#objects.delete(id);
  }

  [Symbol.iterator](): IterableIterator<[string, UserObject]> {
    return this.#objects.entries();
  }

  /** A memory back end; undefined when there is none of that id. */
  memdev(id: string): UserObject | undefined {
    const o = this.#objects.get(id);
    return o?.type.startsWith('memory-backend-') ? o : undefined;
  }

  /** Memory back ends and their sizes in bytes. */
  memdevs(): { id: string; size: number }[] {
    return [...this.#objects].filter(([, o]) => o.type.startsWith('memory-backend-')).map(([id, o]) => ({ id, size: Number(o.properties.size) }));
  }
}
