// The AssemblyScript helper module: built, fresh, and safe to instantiate in every thread.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFresh, MODULES, offsetsSource, wasmSections } from '../../scripts/build-wasm.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { loadArmHelpers, OFFSETS_SECTION } from '../../src/target/arm/helpers/wasm-module.ts';

const START = 8, DATA = 11;

t.test('no start function, no data segments: instantiating it again does not touch shared memory', (t) => {
  const ids = wasmSections(loadArmHelpers()).map((s) => s.id);
  t.notOk(ids.includes(START), 'no start function');
  t.notOk(ids.includes(DATA), 'no data segments');
  t.end();
});

t.test('it imports nothing but the shared state memory', (t) => {
  const module = new WebAssembly.Module(loadArmHelpers());
  const state = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  t.ok(new WebAssembly.Instance(module, { env: { state } }).exports);
  t.throws(() => new WebAssembly.Instance(module, { env: {} }));
  t.end();
});

t.test('the generated offsets are those of the layout', (t) => {
  const file = join(import.meta.dirname, '../../src/target/arm/assembly/offsets.ts');
  t.equal(readFileSync(file, 'utf8'), offsetsSource());
  t.end();
});

t.test('the module says which layout it was built for', async (t) => {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(loadArmHelpers()), OFFSETS_SECTION);
  t.equal(JSON.parse(Buffer.from(section).toString()).FPCR, envOff.fpcr);
});

t.test('the module was made from these sources, whatever the times of files say', async (t) => {
  for (const m of MODULES) t.ok(isFresh(m), m.name);
});
