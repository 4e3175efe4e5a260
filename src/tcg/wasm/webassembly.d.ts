// The part of the WebAssembly JavaScript API that the project uses, with shared 64-bit memories.
declare namespace WebAssembly {
  interface MemoryDescriptor { initial: number | bigint; maximum?: number | bigint; shared?: boolean; address?: 'i32' | 'i64' }
  class Memory { constructor(d: MemoryDescriptor); readonly buffer: SharedArrayBuffer }
  interface TableDescriptor { element: 'anyfunc'; initial: number; maximum?: number }
  class Table {
    constructor(d: TableDescriptor);
    readonly length: number;
    get(i: number): Function | null;
    set(i: number, f: Function | null): void;
    grow(n: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer);
    static exports(m: Module): { name: string; kind: string }[];
    static customSections(m: Module, name: string): ArrayBuffer[];
  }
  class Instance { constructor(m: Module, imports?: Record<string, Record<string, unknown>>); readonly exports: Record<string, any> }
  class Global { constructor(d: { value: string; mutable?: boolean }, v?: unknown); value: any }
  class CompileError extends Error {}
  class RuntimeError extends Error {}
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
