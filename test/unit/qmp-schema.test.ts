// The schemas of QMP: types and reference page are up to date, query-qmp-schema is whole, argument errors have QEMU's texts.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { docsText, typesText } from '../../scripts/generate-qmp.ts';
import { introspect } from '../../src/qmp/introspect.ts';
import type { JsonObject } from '../../src/qmp/json.ts';
import { qmpSchema } from '../../src/qmp/schema.ts';
import type { Json } from '../../src/qmp/json.ts';

const schema = qmpSchema();

t.test('generated files are current', async (t) => {
  t.equal(readFileSync(new URL('../../src/qmp/types.ts', import.meta.url), 'utf8'), typesText(), 'node scripts/generate-qmp.ts');
  t.equal(readFileSync(new URL('../../docs/qmp.md', import.meta.url), 'utf8'), docsText(), 'node scripts/generate-qmp.ts');
});

t.test('query-qmp-schema', async (t) => {
  const info = introspect(schema);
  t.same(schema.explain(schema.commands.get('query-qmp-schema')!.returns, info as unknown as Json), []);
  const names = new Set(info.map((i) => i.name));
  t.equal(names.size, info.length, 'names are unique');
  const references = info.flatMap((i) => {
    switch (i['meta-type']) {
      case 'command': return [i['arg-type'], i['ret-type']];
      case 'event': return [i['arg-type']];
      case 'array': return [i['element-type']];
      case 'object': return [...i.members.map((m) => m.type), ...(i.variants ?? []).map((v) => v.type)];
      case 'alternate': return i.members.map((m) => m.type);
      default: return [];
    }
  });
  t.same(references.filter((r) => !names.has(r)), [], 'every type is there');
});

t.test('argument errors', async (t) => {
  const cases: readonly (readonly [string, JsonObject, string])[] = [
    ['memsave', {}, "Parameter 'val' is missing"],
    ['memsave', { val: 'x', size: 1, filename: 'f' }, "Invalid parameter type for 'val', expected: integer"],
    ['memsave', { val: 1.5, size: 1, filename: 'f' }, "Invalid parameter type for 'val', expected: integer"],
    ['memsave', { val: 18446462598732840960n, size: 1, filename: 'f' }, "Invalid parameter type for 'val', expected: integer"],
    ['memsave', { val: 1, size: 1, filename: 5 }, "Invalid parameter type for 'filename', expected: string"],
    ['query-status', { x: 1 }, "Parameter 'x' is unexpected"],
    ['set-action', { reboot: 'bogus' }, "Parameter 'reboot' does not accept value 'bogus'"],
    ['set-action', { reboot: null }, "Invalid parameter type for 'reboot', expected: string"],
    ['qmp_capabilities', { enable: ['bogus'] }, "Parameter 'null' does not accept value 'bogus'"],
    ['chardev-add', { id: 'c', backend: { type: 'nosuch', data: {} } }, "Parameter 'type' does not accept value 'nosuch'"],
    ['chardev-add', { id: 'c', backend: { type: 'null' } }, "Parameter 'backend.data' is missing"],
    ['object-add', { 'qom-type': 'nosuch', id: 'r1' }, "Parameter 'qom-type' does not accept value 'nosuch'"],
    ['object-add', { 'qom-type': 'rng-random', id: 'r1', bogus: 1 }, "Parameter 'bogus' is unexpected"],
    ['object-add', { 'qom-type': 'memory-backend-ram', id: 'm1' }, "Parameter 'size' is missing"],
  ];
  for (const [command, args, message] of cases) t.throws(() => schema.checkArguments(schema.commands.get(command)!, args), { message });
});
